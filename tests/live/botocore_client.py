# SPDX-License-Identifier: Apache-2.0
"""botocore, AWS's own client, asks the mock for all that it can do."""

import contextlib
import datetime
import json
import os

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.session
import botocore.utils

from lab import case, equal, post

REGION = "eu-west-1"
SECRET = "not/a/secret/only/for/the/fargate/mock0"
USER = ("AKIAEXAMPLEEXAMPLE01", SECRET + "1", None)
SERVER = ("ASIAEXAMPLEEXAMPLE02", SECRET + "2", "token+of/a=session")
EXPIRED = ("ASIAEXAMPLEEXAMPLE03", SECRET + "3", "token+of/an=old/session")
CLUSTER = "payments-prod"
WEB = "4f8e7d6c5b4a39281706f5e4d3c2b1a0"
PREFIX = f"arn:aws:ecs:{REGION}:111122223333:"
WEB_ARN = f"{PREFIX}task/{CLUSTER}/{WEB}"
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def client(lab, service, keys, region=REGION):
    return botocore.session.Session().create_client(
        service, region_name=region, endpoint_url=lab.mock,
        aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
        aws_session_token=keys[2],
        config=botocore.config.Config(retries={"total_max_attempts": 1}))


def of(credentials):
    return (credentials["AccessKeyId"], credentials["SecretAccessKey"],
            credentials["SessionToken"])


@contextlib.contextmanager
def refused(code, status):
    try:
        yield
    except botocore.exceptions.ClientError as e:
        equal(e.response["Error"]["Code"], code)
        equal(e.response["ResponseMetadata"]["HTTPStatusCode"], status)
        assert e.response["Error"]["Message"], e.response
        assert e.response["ResponseMetadata"]["RequestId"], e.response
        return
    raise AssertionError(f"not refused with {code}")


@contextlib.contextmanager
def environment(**values):
    old = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


#
# STS
#


@case
def user_is_told_who_it_is(lab):
    me = client(lab, "sts", USER).get_caller_identity()
    equal(me["Arn"], "arn:aws:iam::111122223333:user/mallory")
    equal(me["Account"], "111122223333")
    assert me["UserId"].startswith("AIDA")
    assert me["ResponseMetadata"]["RequestId"]


@case
def session_is_told_who_it_is(lab):
    me = client(lab, "sts", SERVER).get_caller_identity()
    equal(me["Arn"], "arn:aws:sts::444455556666:assumed-role/spire-verifier/"
                     "spire-server")


@case
def extra_signed_header_does_no_harm(lab):
    sts = client(lab, "sts", SERVER)
    sts.meta.events.register(
        "before-sign.sts.GetCallerIdentity",
        lambda request, **_: request.headers.add_header(
            "x-spire-fargate-binding", "v1.a-binding"))
    equal(sts.get_caller_identity()["Account"], "444455556666")


@case
def identity_comes_in_json(lab):
    request = botocore.awsrequest.AWSRequest(
        "POST", lab.mock + "/", data=IDENTITY,
        headers={**FORM, "Accept": "application/json"})
    botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(*SERVER), "sts",
        REGION).add_auth(request)
    status, headers, text = post(
        lab.mock, dict(request.headers.items()), IDENTITY)
    equal(status, 200)
    equal(headers["Content-Type"], "application/json")
    result = json.loads(text)["GetCallerIdentityResponse"]
    equal(result["GetCallerIdentityResult"]["Account"], "444455556666")
    equal(result["ResponseMetadata"]["RequestId"],
          headers["x-amzn-RequestId"])


@case
def role_is_assumed(lab):
    got = client(lab, "sts", USER).assume_role(
        RoleArn="arn:aws:iam::444455556666:role/ops/spire-verifier",
        RoleSessionName="spire-server", ExternalId="example.org/spire",
        DurationSeconds=900)
    left = got["Credentials"]["Expiration"] - datetime.datetime.now(
        datetime.timezone.utc)
    assert 890 < left.total_seconds() <= 900, left
    equal(got["AssumedRoleUser"]["Arn"],
          "arn:aws:sts::444455556666:assumed-role/spire-verifier/"
          "spire-server")
    me = client(lab, "sts", of(got["Credentials"])).get_caller_identity()
    equal(me["Arn"], got["AssumedRoleUser"]["Arn"])
    equal(me["UserId"], got["AssumedRoleUser"]["AssumedRoleId"])


@case
def role_is_assumed_by_a_profile(lab):
    with open(os.path.join(lab.dir.name, "config"), "w",
              encoding="ascii") as f:
        f.write(f"""[profile user]
aws_access_key_id = {USER[0]}
aws_secret_access_key = {USER[1]}
[profile verifier]
role_arn = arn:aws:iam::444455556666:role/ops/spire-verifier
source_profile = user
external_id = example.org/spire
region = {REGION}
""")
    with environment(AWS_CONFIG_FILE=f.name, AWS_PROFILE="verifier",
                     AWS_ENDPOINT_URL_STS=lab.mock):
        sts = botocore.session.Session().create_client("sts")
        equal(sts.get_caller_identity()["Account"], "444455556666")


@case
def role_is_assumed_with_a_web_identity(lab):
    token = os.path.join(lab.dir.name, "token")
    with open(token, "w", encoding="ascii") as f:
        f.write("eyJhbGciOiJub25lIn0.e30.web")
    with environment(AWS_WEB_IDENTITY_TOKEN_FILE=token,
                     AWS_ROLE_ARN="arn:aws:iam::111122223333:role/web",
                     AWS_ROLE_SESSION_NAME="spire-server",
                     AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION,
                     AWS_ENDPOINT_URL_STS=lab.mock):
        sts = botocore.session.Session().create_client("sts")
        equal(sts.get_caller_identity()["Arn"],
              "arn:aws:sts::111122223333:assumed-role/web/spire-server")


@case
def roles_are_refused(lab):
    sts = client(lab, "sts", USER)
    with refused("AccessDenied", 403):
        sts.assume_role(
            RoleArn="arn:aws:iam::444455556666:role/ops/spire-verifier",
            RoleSessionName="spire-server")
    with refused("ValidationError", 400):
        sts.assume_role(
            RoleArn="arn:aws:iam::111122223333:role/blind",
            RoleSessionName="spire-server", DurationSeconds=901 * 60)
    with refused("InvalidIdentityToken", 400):
        sts.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::111122223333:role/web",
            RoleSessionName="spire-server", WebIdentityToken="a.b.c")


@case
def bad_signatures_are_refused(lab):
    wrong = (USER[0], SECRET + "9", None)
    unknown = ("AKIAEXAMPLEEXAMPLE77", SECRET + "1", None)
    for keys, sts, ecs in (
            (wrong, "SignatureDoesNotMatch", "InvalidSignatureException"),
            (unknown, "InvalidClientTokenId", "UnrecognizedClientException"),
            ((SERVER[0], SERVER[1], None), "InvalidClientTokenId",
             "UnrecognizedClientException"),
            ((SERVER[0], SERVER[1], "other"), "InvalidClientTokenId",
             "UnrecognizedClientException"),
            (EXPIRED, "ExpiredToken", "ExpiredTokenException")):
        with refused(sts, 403):
            client(lab, "sts", keys).get_caller_identity()
        with refused(ecs, 400):
            client(lab, "ecs", keys).list_tasks(cluster=CLUSTER)


@case
def wrong_region_is_refused(lab):
    with refused("SignatureDoesNotMatch", 403):
        client(lab, "sts", USER, "ap-south-2").get_caller_identity()
    with refused("InvalidSignatureException", 400):
        client(lab, "ecs", USER, "ap-south-2").list_tasks(cluster=CLUSTER)


@case
def old_requests_are_refused(lab):
    real = botocore.auth.get_current_datetime

    def old(*args, **kwargs):
        return real(*args, **kwargs) - datetime.timedelta(minutes=6)

    botocore.auth.get_current_datetime = old
    try:
        client(lab, "sts", USER).get_caller_identity()
        with refused("InvalidSignatureException", 400):
            client(lab, "ecs", USER).list_tasks(cluster=CLUSTER)
    finally:
        botocore.auth.get_current_datetime = real


#
# Credentials
#


@case
def task_gets_its_credentials(lab):
    with environment(**lab.task_environment("web")):
        session = botocore.session.Session()
        keys = session.get_credentials()
        equal(keys.method, "container-role")
        sts = session.create_client("sts", endpoint_url=lab.mock)
        equal(sts.get_caller_identity()["Arn"],
              "arn:aws:sts::111122223333:assumed-role/checkout-task/" + WEB)


@case
def instance_gets_its_credentials(lab):
    fetcher = botocore.utils.InstanceMetadataFetcher(
        base_url=lab.mock, env={}, user_agent="live")
    keys = fetcher.retrieve_iam_role_credentials()
    equal(keys["role_name"], "spire-verifier")
    me = client(lab, "sts", (keys["access_key"], keys["secret_key"],
                             keys["token"])).get_caller_identity()
    assert me["Arn"].startswith(
        "arn:aws:sts::444455556666:assumed-role/spire-verifier/i-"), me
    equal(botocore.utils.InstanceMetadataRegionFetcher(
        base_url=lab.mock, env={}).retrieve_region(), REGION)


#
# ECS
#


@case
def tasks_are_described(lab):
    got = client(lab, "ecs", USER).describe_tasks(
        cluster=CLUSTER, tasks=[WEB_ARN, "0" * 32], include=["TAGS"])
    equal(got["failures"],
          [{"arn": f"{PREFIX}task/{CLUSTER}/{'0' * 32}",
            "reason": "MISSING"}])
    task, = got["tasks"]
    equal(task["taskArn"], WEB_ARN)
    equal(task["createdAt"], datetime.datetime(
        2026, 1, 15, 10, 18, 21, 903000, datetime.timezone.utc))
    equal(task["lastStatus"], "RUNNING")
    equal(task["launchType"], "FARGATE")
    equal(task["enableExecuteCommand"], True)
    equal(task["tags"][0], {"key": "Team", "value": "payments"})
    details = {d["name"]: d["value"]
               for d in task["attachments"][0]["details"]}
    equal(details["privateIPv4Address"], "10.20.3.77")
    equal(task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"],
          "10.20.3.77")
    equal(task["overrides"]["containerOverrides"][1]["command"],
          ["sh", "-c", "id"])


def shape_of(lab, operation, document):
    """botocore's model has every member, of that type."""
    def look(shape, value, path):
        if shape.type_name == "structure":
            for name in value:
                assert name in shape.members, f"{path}.{name}: no member"
                look(shape.members[name], value[name], f"{path}.{name}")
        elif shape.type_name == "list":
            for item in value:
                look(shape.member, item, path + "[]")
        elif shape.type_name == "string":
            assert isinstance(value, str), path
            enum = getattr(shape, "enum", [])
            assert not enum or value in enum, f"{path}: {value}"
        elif shape.type_name == "boolean":
            assert isinstance(value, bool), path
        elif shape.type_name in ("integer", "long"):
            assert isinstance(value, int), path
        elif shape.type_name == "timestamp":
            assert isinstance(value, (int, float)), path

    model = client(lab, "ecs", USER).meta.service_model
    look(model.operation_model(operation).output_shape, document, operation)


@case
def documents_are_as_the_model_says(lab):
    every = [t for t in client(lab, "ecs", USER).list_tasks(
        cluster=CLUSTER)["taskArns"]]
    for target, body in (
            ("DescribeTasks", {"cluster": CLUSTER, "tasks": every,
                               "include": ["TAGS"]}),
            ("DescribeTaskDefinition", {"taskDefinition": "checkout:42"}),
            ("ListTasks", {"cluster": CLUSTER, "maxResults": 1})):
        text = json.dumps(body)
        headers = lab.sign(
            lab.mock, USER, "ecs", REGION,
            {"Content-Type": "application/x-amz-json-1.1",
             "X-Amz-Target": "AmazonEC2ContainerServiceV20141113." + target},
            text)
        status, _, answer = post(lab.mock, headers, text)
        equal(status, 200)
        shape_of(lab, target, json.loads(answer))


@case
def definition_is_described(lab):
    ecs = client(lab, "ecs", USER)
    got = ecs.describe_task_definition(
        taskDefinition=PREFIX + "task-definition/checkout:42",
        include=["TAGS"])
    equal(got["taskDefinition"]["revision"], 42)
    equal(got["taskDefinition"]["taskRoleArn"],
          "arn:aws:iam::111122223333:role/services/checkout-task")
    equal(got["tags"], [])
    with refused("ClientException", 400):
        ecs.describe_task_definition(taskDefinition="checkout:1")


@case
def tasks_are_listed(lab):
    ecs = client(lab, "ecs", USER)
    pages = list(ecs.get_paginator("list_tasks").paginate(
        cluster=CLUSTER, PaginationConfig={"PageSize": 2}))
    equal([len(p["taskArns"]) for p in pages], [2, 1])
    assert WEB_ARN in pages[0]["taskArns"]
    equal(ecs.list_tasks(cluster=CLUSTER, serviceName="checkout-svc")[
        "taskArns"], [WEB_ARN])


@case
def clusters_are_of_an_account(lab):
    ecs = client(lab, "ecs", USER)
    try:
        ecs.describe_tasks(cluster="nope", tasks=[WEB])
    except ecs.exceptions.ClusterNotFoundException as e:
        equal(e.response["Error"]["Message"], "Cluster not found.")
    else:
        raise AssertionError("not refused")
    got = client(lab, "ecs", SERVER).describe_tasks(
        cluster=CLUSTER, tasks=[WEB])
    equal(got["failures"][0]["arn"],
          f"arn:aws:ecs:{REGION}:444455556666:task/{CLUSTER}/{WEB}")


@case
def parameters_are_held_to_their_bounds(lab):
    ecs = client(lab, "ecs", USER)
    with refused("InvalidParameterException", 400):
        ecs.describe_tasks(cluster=CLUSTER, tasks=[WEB] * 101)
    with refused("InvalidParameterException", 400):
        ecs.describe_tasks(cluster=CLUSTER, tasks=["a/b"])
    equal(len(ecs.describe_tasks(cluster=CLUSTER, tasks=[WEB] * 100)[
        "tasks"]), 100)


@case
def denied_action_is_refused(lab):
    got = client(lab, "sts", USER).assume_role(
        RoleArn="arn:aws:iam::111122223333:role/blind",
        RoleSessionName="me")
    with refused("AccessDeniedException", 400):
        client(lab, "ecs", of(got["Credentials"])).describe_tasks(
            cluster=CLUSTER, tasks=[WEB])


#
# Our signer
#


@case
def our_signer_satisfies_the_mock(lab):
    for keys, account in ((USER, "111122223333"), (SERVER, "444455556666")):
        headers = lab.sign(
            lab.mock, keys, "sts", REGION,
            {**FORM, "x-spire-fargate-binding": "v1.a-binding"}, IDENTITY)
        status, _, text = post(lab.mock, headers, IDENTITY)
        equal(status, 200)
        assert f"<Account>{account}</Account>" in text, text
        headers["x-spire-fargate-binding"] = "v1.another"
        status, _, text = post(lab.mock, headers, IDENTITY)
        equal(status, 403)
        assert "SignatureDoesNotMatch" in text, text
