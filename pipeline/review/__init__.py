"""The review page: decide on every foot, and correct labels, in a browser on this machine."""

from pipeline.review.server import ServerOptions, serve

__all__ = ["ServerOptions", "serve"]
