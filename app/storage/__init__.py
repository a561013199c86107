"""SQL lives here and only here. Rows are turned into domain values before they leave."""
