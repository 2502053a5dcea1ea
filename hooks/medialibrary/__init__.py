"""A small media library: the work behind the ten jobs of `library.py`.

It lives in one folder, `media-library` beside schedules.yaml, which the first job that runs makes:

    library.db      the database of the jobs (SQLite)
    server/         what a media server would export: users.csv and history.csv
    media/          one small .nfo file for each title
    backups/        copies of library.db
    playlists/      the playlists that the jobs write

Edit a file under `server/` or `media/` and run a job: it finds the difference. All titles, people and
histories in `data/` are invented.
"""
