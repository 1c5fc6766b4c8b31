"""The hub: ingest, clocks, alerts, evidence and the pages people use."""
