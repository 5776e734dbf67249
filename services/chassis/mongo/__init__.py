"""The only place that knows the MongoDB driver: Motor by default, PyMongo's own async API behind a setting."""

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from chassis.mongo.client import SELECTION_SECONDS, TRANSACTION_SECONDS, Mongo, is_address, lacks_password
from chassis.mongo.collection import Collection, Document, Filter, Sort, Tx, Write
from chassis.mongo.door import LOOKS_SECONDS, SETTLES_SECONDS
from chassis.mongo.errors import DuplicateKey, SignInRefused, Unavailable

__all__ = [
    "LOOKS_SECONDS",
    "SELECTION_SECONDS",
    "SETTLES_SECONDS",
    "TRANSACTION_SECONDS",
    "Collection",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "DuplicateKey",
    "Filter",
    "InsertOne",
    "Mongo",
    "ReplaceOne",
    "SignInRefused",
    "Sort",
    "Tx",
    "Unavailable",
    "UpdateMany",
    "UpdateOne",
    "Write",
    "is_address",
    "lacks_password",
]
