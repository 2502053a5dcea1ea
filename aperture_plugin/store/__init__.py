"""Claims, runs and logs in one database; the home of SQLAlchemy."""
