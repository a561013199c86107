"""How answers look to people. A view makes something that rich can print from a document of the API."""
