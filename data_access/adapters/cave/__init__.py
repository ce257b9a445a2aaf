"""CAVE (the Connectome Annotation Versioning Engine), through the official caveclient."""

from __future__ import annotations
