"""One JSON line per log entry on stderr. Secrets never go in: log names and numbers, not settings or payloads."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure(process: str) -> None:
    """Set up logging for this process; every line carries `process`."""

    def name_process(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
        entry["process"] = process
        return entry

    structlog.configure(
        processors=[
            name_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
