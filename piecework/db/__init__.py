"""SQL: tables, engine, migrations. A mirror of the chain, and what only the gateway knows."""
