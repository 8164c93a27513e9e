# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a dashboard, without a Grafana to ask."""

import re

WORDS = {"and", "or", "unless", "offset", "bool", "by", "without", "on",
         "ignoring", "group_left", "group_right", "inf", "nan"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def metrics(expr):
    """The names of metrics in PromQL."""
    rest = re.sub(r'"(?:[^"\\]|\\.)*"' r"|'(?:[^'\\]|\\.)*'", "", expr)
    rest = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", rest)
    rest = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)"
                  r"\s*\([^)]*\)", " ", rest)
    rest = re.sub(r"\b[0-9][0-9a-z.]*", " ", rest)
    found = re.findall(r"([A-Za-z_:][\w:]*)(\s*\()?", rest)
    return {name for name, call in found if not call and name not in WORDS}


def panels(board):
    return [p for p in board["panels"] if p["type"] != "row"]


def queries(board):
    """Panel's title and expression as Prometheus gets it."""
    for panel in panels(board):
        for target in panel["targets"]:
            expr = target["expr"].replace("$__rate_interval", "1m")
            yield panel["title"], expr.replace("$task", ".*")


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and \
        a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def place_faults(board):
    places = [(p["title"], p["gridPos"]) for p in board["panels"]]
    for i, (title, at) in enumerate(places):
        if at["x"] < 0 or at["w"] < 1 or at["h"] < 1 or \
                at["x"] + at["w"] > 24:
            yield f"\"{title}\" is not inside 24 columns"
        for other, there in places[:i]:
            if overlap(at, there):
                yield f"\"{title}\" lies on \"{other}\""


def panel_faults(panel):
    title = panel["title"]
    if not title or not panel.get("description"):
        yield f"panel {panel['id']} has no title or description"
    if panel["type"] not in ("timeseries", "stat"):
        yield f"\"{title}\" is of type {panel['type']}"
    if panel["datasource"] != SOURCE or not panel["targets"] or \
            any(t["datasource"] != SOURCE for t in panel["targets"]):
        yield f"\"{title}\" asks another data source"
    refs = [t["refId"] for t in panel["targets"]]
    if len(refs) != len(set(refs)):
        yield f"\"{title}\" has a refId twice"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield f"\"{title}\" has no unit"


def faults(board):
    ids = [p["id"] for p in board["panels"]]
    titles = [p["title"] for p in board["panels"]]
    known = {v["name"] for v in board["templating"]["list"]}
    if not board.get("uid") or board.get("id") is not None:
        yield "uid must be there, and id not"
    if board["schemaVersion"] < 36:
        yield f"schemaVersion {board['schemaVersion']} is old"
    for what, all_of in (("id", ids), ("title", titles)):
        for one in {x for x in all_of if all_of.count(x) > 1}:
            yield f"{what} {one} is there twice"
    text = repr(board)
    for name in set(re.findall(r"\$\{?(\w+)", text)):
        if name not in known and not name.startswith("__"):
            yield f"there is no variable ${name}"
    if "http:" in text or "https:" in text:
        yield "it fetches from elsewhere"
    yield from place_faults(board)
    for panel in panels(board):
        yield from panel_faults(panel)
