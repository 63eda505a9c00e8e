"""Runs a migration on the connection that `kiosk.central.schema` hands over."""

from alembic import context

from kiosk.central.all_tables import metadata


def run() -> None:
    """Upgrade inside the transaction that is open."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=True,
    )
    context.run_migrations()


# Alembic runs this file under this name; an ordinary import changes nothing.
if __name__ == "env_py":
    run()
