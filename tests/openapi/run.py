"""The OpenAPI document against a running gateway; see README.md. Called by `cargo xtask test --only openapi`.

Environment: SHENHAI_STACK starts gateway and city, SHENHAI_SESSION signs a handler in and prints the token.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from openapi_spec_validator import validate

HANDLER = "h-310101-1"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
# With a session these would end it, or wait for news that never comes.
NOT_SIGNED_IN = ["/v1/sessions/current", "/v1/wake"]


def main() -> int:
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder, Stack() as stack:
        text = fetch(stack.url + "/openapi.json")
        document = json.loads(text)
        path = pathlib.Path(folder) / "openapi.json"
        path.write_bytes(text)
        checks.run("the document is valid OpenAPI", lambda: validate(document))
        checks.run("what stands in no path is no path parameter", lambda: places(document))
        checks.run("every answer is described", lambda: described(document))
        checks.run("no two types share a schema", lambda: records_apart(document))
        checks.run("a method that is not there answers 405", lambda: wrong_methods(document, stack.url))
        session = stack.sign_in(HANDLER)
        checks.run("answers to a stranger", lambda: schemathesis(path, stack.url, []))
        signed_in = ["--header", f"Authorization: Bearer {session}"]
        for left_out in NOT_SIGNED_IN:
            signed_in += ["--exclude-path", left_out]
        checks.run("answers to a handler", lambda: schemathesis(path, stack.url, signed_in))
    return checks.done()


class Checks:
    def __init__(self):
        self.count = self.failed = 0

    def run(self, name, check):
        self.count += 1
        try:
            check()
            print(f"ok {self.count} - {name}", flush=True)
        except Exception as error:  # whatever it is, it is this check's failure
            self.failed += 1
            print(f"not ok {self.count} - {name}", flush=True)
            print("\n".join("# " + line for line in str(error).splitlines()), flush=True)

    def done(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


class Stack:
    def __enter__(self):
        self.process = subprocess.Popen(
            [os.environ["SHENHAI_STACK"], "--orders", "6"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        started = json.loads(self.process.stdout.readline())
        self.url, self.city = started["gateway_direct"], started["city"]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def sign_in(self, user):
        command = [os.environ["SHENHAI_SESSION"], "--gateway", self.url, "--city", self.city, user]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def opener():
    # Loopback alone: a proxy of the environment must not see these.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url):
    with opener().open(url) as answer:
        return answer.read()


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def places(document):
    for path, method, operation in operations(document):
        for parameter in operation.get("parameters", []):
            in_path = "{" + parameter["name"] + "}" in path
            assert (parameter["in"] == "path") == in_path, f"{method} {path}: {parameter['name']}"


def described(document):
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            assert response.get("description"), f"{method} {path}: {status}"


def records_apart(document):
    order = document["components"]["schemas"]["WorkOrder"]["properties"]
    named = {json.dumps(order[name], sort_keys=True) for name in ("contact", "reply", "returned")}
    assert len(named) == 3, named


def wrong_methods(document, url):
    for path, item in document["paths"].items():
        for method in sorted(METHODS - item.keys() - {"head", "trace"}):
            request = urllib.request.Request(url + path.replace("{", "").replace("}", ""), method=method.upper())
            try:
                status, allow = opener().open(request).status, None
            except urllib.error.HTTPError as error:
                status, allow = error.code, error.headers["Allow"]
            assert status == 405 and allow, f"{method} {path}: {status}, Allow: {allow}"


def schemathesis(document, url, more):
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    command = [program, "run", document, "--url", url, "--seed", "1", "--max-examples", "15", "--no-color"]
    command += ["--phases", "examples,coverage,fuzzing", "--workers", "1", "--generation-database", "none"]
    # `negative_data_rejection` and `positive_data_acceptance` know nothing of sessions, states and signatures.
    wanted = ["not_a_server_error", "status_code_conformance", "content_type_conformance"]
    wanted += ["response_schema_conformance", "response_headers_conformance", "unsupported_method"]
    command += ["--checks", ",".join(wanted)]
    result = subprocess.run(command + more, capture_output=True, text=True, cwd=document.parent)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


if __name__ == "__main__":
    sys.exit(main())
