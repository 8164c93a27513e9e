# SPDX-License-Identifier: Apache-2.0
"""moto with authentication on judges the signatures of our signer.

It checks signature, token and policy, but neither date nor region.
"""

import json

import botocore.session

from lab import case, equal, post

REGION = "eu-west-1"
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Accept": "application/json"}
TASK = "4f8e7d6c5b4a39281706f5e4d3c2b1a0"


def client(lab, service, keys=("x", "x", None)):
    return botocore.session.Session().create_client(
        service, region_name=REGION, endpoint_url=lab.moto,
        aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
        aws_session_token=keys[2])


def made(lab):
    """Keys of a user and of a role's session, known to a strict moto."""
    if hasattr(lab, "moto_keys"):
        return lab.moto_keys
    iam = client(lab, "iam")
    allow = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"AWS": "*"}}]})
    iam.create_user(UserName="server")
    iam.put_user_policy(UserName="server", PolicyName="all",
                        PolicyDocument=allow)
    key = iam.create_access_key(UserName="server")["AccessKey"]
    role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="task", PolicyName="all",
                        PolicyDocument=allow)
    client(lab, "ecs").create_cluster(clusterName="payments")
    session = client(lab, "sts").assume_role(
        RoleArn=role["Role"]["Arn"], RoleSessionName=TASK)["Credentials"]
    status, _, _ = post(lab.moto, {}, "0", path="/moto-api/reset-auth")
    equal(status, 200)
    lab.moto_keys = (
        (key["AccessKeyId"], key["SecretAccessKey"], None),
        (session["AccessKeyId"], session["SecretAccessKey"],
         session["SessionToken"]))
    return lab.moto_keys


def ask(lab, keys, service, headers, body, spoil=None):
    signed = lab.sign(lab.moto, keys, service, REGION, headers, body)
    if spoil:
        signed.update(spoil)
    status, _, text = post(lab.moto, signed, body)
    return status, text


@case
def moto_takes_our_signature_of_a_user(lab):
    user, _ = made(lab)
    status, text = ask(lab, user, "sts", FORM, IDENTITY)
    equal(status, 200)
    assert ":user/server" in text, text


@case
def moto_takes_our_signature_of_a_session(lab):
    _, session = made(lab)
    status, text = ask(
        lab, session, "sts",
        {**FORM, "x-spire-fargate-binding": "v1.a-binding"}, IDENTITY)
    equal(status, 200)
    assert ":assumed-role/task/" + TASK in text, text


@case
def moto_takes_our_signature_of_an_ecs_call(lab):
    for keys in made(lab):
        body = json.dumps({"cluster": "payments"})
        status, text = ask(
            lab, keys, "ecs",
            {"Content-Type": "application/x-amz-json-1.1",
             "X-Amz-Target":
                 "AmazonEC2ContainerServiceV20141113.ListTasks"}, body)
        equal(status, 200)
        equal(json.loads(text), {"taskArns": []})


@case
def moto_refuses_what_is_not_signed_so(lab):
    user, session = made(lab)
    for keys in (user, session):
        status, text = ask(
            lab, keys, "sts",
            {**FORM, "x-spire-fargate-binding": "v1.a-binding"}, IDENTITY,
            {"x-spire-fargate-binding": "v1.another"})
        equal(status, 403)
        assert "SignatureDoesNotMatch" in text, text
    status, text = ask(
        lab, (user[0], "wrong" + user[1][5:], None), "sts", FORM, IDENTITY)
    equal(status, 403)
    status, text = ask(
        lab, (session[0], session[1], "other"), "sts", FORM, IDENTITY)
    equal(status, 403)
