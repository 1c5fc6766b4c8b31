"""Paper and tables: forms as PDF and Word files, figures for spreadsheets. Knows no database and no web."""
