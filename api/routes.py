"""The routes: a request becomes a view, the view a result, the result an answer."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
import orjson

from api import cells, complete, figures, formats, jobs, neuroglancer, openapi, pair, params, search, sets, skeletons
from api.tables import PICTURE, TABLES, Table
from data_access import cache
from data_access.cache import ResultCache, ResultKey
from data_access.dataset import Broken, Dataset, open_dataset, survey
from data_access.errors import NotFoundError, did_you_mean
from data_access.jobs import Job, Jobs
from serving import etag
from settings import Settings
from views import long_run, schema

PATH = "api/v1"


def register(server: flask.Flask, settings: Settings) -> None:
    """Serve the API under <url prefix>api/v1. Error answers and unknown paths are the serving layer's."""
    results = ResultCache(settings.cache_dir, settings.redis_url, settings.cache_mb)
    cache.share(results)
    api = _Api(settings, results)
    blueprint = flask.Blueprint("api", __name__)
    blueprint.get("/openapi.json")(api.describe)
    blueprint.get("/datasets")(api.datasets)
    blueprint.get("/datasets/<dataset_id>")(api.dataset)
    blueprint.post("/sets")(api.store_set)
    blueprint.get("/sets")(api.named_sets)
    blueprint.patch("/sets")(api.rename_set)
    blueprint.delete("/sets")(api.delete_set)
    blueprint.get("/sets/<set_name>")(api.stored_set)
    blueprint.get("/search")(api.search)
    blueprint.get("/jobs")(api.jobs)
    blueprint.get("/jobs/<job_id>")(api.job)
    blueprint.post("/jobs/<job_id>/cancel")(api.cancel_job)
    for table in TABLES:
        answer = functools.partial(api.table, table)
        path = f"/datasets/<dataset_id>/{table.name}.<suffix>"
        blueprint.add_url_rule(path, table.name, answer, methods=["GET", "POST"])
    blueprint.route("/datasets/<dataset_id>/matrix.png", methods=["GET", "POST"])(api.picture)
    blueprint.route("/datasets/<dataset_id>/neuroglancer", methods=["GET", "POST"])(api.neuroglancer)
    blueprint.get("/datasets/<dataset_id>/skeletons/<path:cell>.swc")(api.skeleton)
    blueprint.route("/datasets/<dataset_id>/<name>", methods=["GET", "POST"])(api.nothing)
    for part in (blueprint, figures.blueprint, cells.blueprint, complete.blueprint, pair.blueprint):
        server.register_blueprint(part, url_prefix=f"{settings.url_prefix}{PATH}")


@dataclass(frozen=True)
class _Api:
    settings: Settings

    results: ResultCache

    def describe(self) -> flask.Response:
        """GET /openapi.json"""
        content = orjson.dumps(openapi.document(self.settings.url_prefix + PATH))
        return self._tagged(ResultKey("", 0, "", "openapi", "json"), lambda: _json(content))

    def datasets(self) -> flask.Response:
        """GET /datasets"""
        found = survey(self.settings.data)
        broken = [{"id": d.id, "error": d.error} for d in found if isinstance(d, Broken)]
        content: dict[str, Any] = {"data": [d.summary() for d in found if not isinstance(d, Broken)]}
        if broken:
            content["unreadable"] = broken
        body = orjson.dumps(content)
        return self._tagged(ResultKey("", 0, body.decode(), "datasets", "json"), lambda: _json(body))

    def dataset(self, dataset_id: str) -> flask.Response:
        """GET /datasets/{id}"""
        opened = open_dataset(self.settings.data, dataset_id)
        key = self._key(opened, "dataset", "json")
        return self._tagged(key, lambda: _json(orjson.dumps(opened.meta.full())))

    def table(self, table: Table, dataset_id: str, suffix: str) -> flask.Response:
        """GET or POST /datasets/{id}/TABLE.FMT"""
        form = formats.find(suffix)
        dataset = open_dataset(self.settings.data, dataset_id)
        view = params.view(table.view, dataset_id, params.given())

        def make() -> flask.Response:
            started = time.perf_counter()
            with params.resolving(self.settings.data) as resolve:
                if table.name in long_run.LONG:
                    found = long_run.get(self.settings.data, dataset, table.name, view, resolve)
                    if isinstance(found, long_run.Running):
                        return self._accepted(found.job)
                    result = found.result
                else:
                    result = table.make(dataset, view, resolve)
                    result = result.timed(1000 * (time.perf_counter() - started))
            return formats.respond(result, form, f"{dataset.meta.id}-{table.name}")

        return self._tagged(self._key(dataset, schema.cache_key(view) + table.depends(dataset), suffix), make)

    def picture(self, dataset_id: str) -> flask.Response:
        """GET or POST /datasets/{id}/matrix.png"""
        dataset = open_dataset(self.settings.data, dataset_id)
        view = params.view(PICTURE.view, dataset_id, params.given())
        key = self._key(dataset, schema.cache_key(view), "png")

        def draw() -> bytes:
            with params.resolving(self.settings.data) as resolve:
                return PICTURE.make(dataset, view, resolve)

        def make() -> flask.Response:
            return flask.Response(self.results.get_or_compute(key, draw), content_type="image/png")

        return self._tagged(key, make)

    def neuroglancer(self, dataset_id: str) -> flask.Response:
        """GET or POST /datasets/{id}/neuroglancer"""
        return neuroglancer.respond(open_dataset(self.settings.data, dataset_id))

    def skeleton(self, dataset_id: str, cell: str) -> flask.Response:
        """GET /datasets/{id}/skeletons/{cell}.swc"""
        return skeletons.respond(open_dataset(self.settings.data, dataset_id), cell)

    def nothing(self, dataset_id: str, name: str) -> flask.Response:
        """Any other path below a dataset."""
        open_dataset(self.settings.data, dataset_id)
        hint = did_you_mean(name.split(".")[0], [*(table.name for table in TABLES), "neuroglancer"])
        raise NotFoundError(f"a dataset has no '{name[:60]}'", hint or "openapi.json lists every path")

    def store_set(self) -> flask.Response:
        """POST /sets"""
        return _fresh(_json(orjson.dumps(sets.post(self.settings.data))))

    def named_sets(self) -> flask.Response:
        """GET /sets"""
        return _fresh(_json(orjson.dumps(sets.named(self.settings.data))))

    def rename_set(self) -> flask.Response:
        """PATCH /sets"""
        return _fresh(_json(orjson.dumps(sets.rename(self.settings.data))))

    def delete_set(self) -> flask.Response:
        """DELETE /sets"""
        return _fresh(_json(orjson.dumps(sets.delete(self.settings.data))))

    def stored_set(self, set_name: str) -> flask.Response:
        """GET /sets/{name}"""
        return _fresh(_json(orjson.dumps(sets.one(self.settings.data, set_name))))

    def search(self) -> flask.Response:
        """GET /search"""
        return _fresh(_json(orjson.dumps(search.answer(self.settings))))

    def jobs(self) -> flask.Response:
        """GET /jobs"""
        return _fresh(_json(orjson.dumps(jobs.listed(Jobs(self.settings.data)))))

    def job(self, job_id: str) -> flask.Response:
        """GET /jobs/{id}"""
        return _fresh(_json(orjson.dumps(jobs.one(Jobs(self.settings.data), job_id))))

    def cancel_job(self, job_id: str) -> flask.Response:
        """POST /jobs/{id}/cancel"""
        return _fresh(_json(orjson.dumps(jobs.cancel(Jobs(self.settings.data), job_id))))

    def _accepted(self, job: Job) -> flask.Response:
        """202: a job makes the answer; where it is, and how it stands."""
        response = _fresh(_json(orjson.dumps(job.public())))
        response.status_code = 202
        response.headers["Location"] = f"{self.settings.url_prefix}{PATH}/jobs/{job.id}"
        response.headers["Retry-After"] = "2"
        return response

    def _key(self, dataset: Dataset, view: str, kind: str) -> ResultKey:
        meta = dataset.meta
        return ResultKey(meta.id, meta.generation, meta.fingerprint, view, kind)

    def _tagged(self, key: ResultKey, make: Callable[[], flask.Response]) -> flask.Response:
        """The answer with its entity tag; nothing is made for a client that has it already."""
        if flask.request.method == "POST":
            return _fresh(make())
        tag = self.results.digest(key)
        unchanged = etag.unchanged(tag)
        if unchanged is not None:
            return unchanged
        response = make()
        return response if response.status_code == 202 else etag.conditional(response, tag)


def _json(content: bytes) -> flask.Response:
    return flask.Response(content, content_type="application/json")


def _fresh(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "private, no-cache"
    return response
