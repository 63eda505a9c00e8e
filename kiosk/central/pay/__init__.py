"""Payment providers: how orders are taken to them, looked after until they end, and matched with their statements."""
