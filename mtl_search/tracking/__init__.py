"""The sweep in MLflow. Importing this loads no MLflow; making a `Tracker` does."""

from mtl_search.tracking.address import public
from mtl_search.tracking.links import (
    Addresses,
    about_environment,
    find_addresses,
    tracking_uri,
    ui_command,
    ui_environment,
)
from mtl_search.tracking.pages.page import SweepPage
from mtl_search.tracking.place import Place, read_place
from mtl_search.tracking.resend import Sent, send_missing
from mtl_search.tracking.resume_command import resume_command, resumed_by
from mtl_search.tracking.tracker import Tracker

__all__ = [
    "Addresses",
    "Place",
    "Sent",
    "SweepPage",
    "Tracker",
    "about_environment",
    "find_addresses",
    "public",
    "read_place",
    "resume_command",
    "resumed_by",
    "send_missing",
    "tracking_uri",
    "ui_command",
    "ui_environment",
]
