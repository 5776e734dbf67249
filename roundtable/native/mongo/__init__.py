"""A real MongoDB on this machine: a replica set of one node with a keyfile and a user for each service."""

from roundtable.native.mongo.server import Mongo, start

__all__ = ["Mongo", "start"]
