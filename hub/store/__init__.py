"""The database: SQLite by default, PostgreSQL by URL. One file per noun."""
