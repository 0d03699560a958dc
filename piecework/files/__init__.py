"""Files that people bring and take home: tasks in, results and books out. Nothing here knows HTTP or a database."""
