"""The page that shows the API: Swagger UI from an installed package, so it works with no internet."""

import json
from html import escape
from importlib.resources import files
from typing import Final

from starlette.staticfiles import StaticFiles

from app.api.models.common import EXAMPLE_MIGRATION

assets: Final = StaticFiles(directory=str(files("fastapi_offline") / "static"))

# Swagger UI takes everything with "json" in its name for JSON, and would put the example of NDJSON between quotes.
_SCRIPT: Final = r"""
const linesAreNoJson = {
  afterLoad() {
    const sample = this.fn.getSampleSchema
    this.fn.getSampleSchema = (schema, mediaType, config, example) =>
      mediaType === "application/x-ndjson" ? example : sample(schema, mediaType, config, example)
  },
}
// The service makes the ids of migrations. The example stands for the one that was admitted last on this page.
let admitted
const withTheAdmitted = (request) => {
  if (admitted) request.url = request.url.replace("/%s", `/${admitted}`)
  return request
}
const rememberTheAdmitted = (response) => {
  if (response.status === 201 && /\/migrations$/.test(response.url)) admitted = JSON.parse(response.text).id
  return response
}
SwaggerUIBundle({
  url: %s,
  dom_id: "#swagger-ui",
  plugins: [linesAreNoJson],
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  requestInterceptor: withTheAdmitted,
  responseInterceptor: rememberTheAdmitted,
})
"""


def page(root: str) -> str:
    """The page, for a service whose paths begin with `root`."""
    at = escape(f"{root}/docs/assets", quote=True)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Roadstead</title>'
        f'<link rel="icon" href="{at}/favicon.png"><link rel="stylesheet" href="{at}/swagger-ui.css"></head>'
        '<body><p style="margin:1em;font:16px sans-serif">'
        f'<a href="{escape(root, quote=True)}/docs/guide/">Guide</a></p>'
        f'<div id="swagger-ui"></div><script src="{at}/swagger-ui-bundle.js"></script>'
        f"<script>{_SCRIPT % (EXAMPLE_MIGRATION, json.dumps(f'{root}/openapi.json'))}</script></body></html>"
    )
