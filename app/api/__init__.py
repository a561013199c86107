"""HTTP lives here and only here. A handler parses, makes one call, and renders."""
