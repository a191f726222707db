"""Google's own Python clients, over REST, against the stand-in: they must be satisfied with what it answers.

usage: google_clients.py URL    (the stand-in's address; its store is as the test in tests/google_stand_in/python.rs fills it)
"""

import json
import sys
import urllib.request

import httplib2
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2, secretmanager
from google.iam.v1 import iam_policy_pb2
from google.protobuf import field_mask_pb2, json_format
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

URL = sys.argv[1]
PARENT = "projects/demo/locations/europe-west1"
OPTIONS = {
    "transport": "rest",
    "credentials": AnonymousCredentials(),
    "client_options": ClientOptions(api_endpoint=URL),
}


def refused(kind, call):
    """The error of the kind that a call must raise."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def services():
    client = run_v2.ServicesClient(**OPTIONS)
    request = run_v2.ListServicesRequest(parent="projects/demo/locations/us-east1", page_size=2)
    pages = list(client.list_services(request=request).pages)
    assert [len(page.services) for page in pages] == [2, 2, 1], pages
    names = [service.name.rsplit("/", 1)[1] for page in pages for service in page.services]
    assert names == ["page-4", "page-3", "page-2", "page-1", "page-0"], names

    web = client.get_service(name=f"{PARENT}/services/web")
    assert web.ingress == run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL
    assert web.generation == 1 and web.terminal_condition.state == run_v2.Condition.State.CONDITION_SUCCEEDED
    stale = run_v2.Service(web)
    web.template.containers[0].env.append(run_v2.EnvVar(name="PYTHON", value="yes"))
    web.custom_audiences.append("https://python.example.com")
    web.labels["python"] = "yes"
    mask = field_mask_pb2.FieldMask(paths=["template.containers", "custom_audiences"])
    rehearsal = client.update_service(request=run_v2.UpdateServiceRequest(service=web, update_mask=mask, validate_only=True))
    assert rehearsal.result(timeout=60).generation == 2
    assert client.get_service(name=web.name).generation == 1
    changed = client.update_service(request=run_v2.UpdateServiceRequest(service=web, update_mask=mask)).result(timeout=60)
    assert changed.generation == 2 and changed.latest_ready_revision == changed.latest_created_revision
    assert "python" not in changed.labels

    refused(exceptions.Conflict, lambda: client.update_service(service=stale))
    refused(exceptions.NotFound, lambda: client.get_service(name=f"{PARENT}/services/nope"))
    refused(exceptions.BadRequest, lambda: list(client.list_services(parent="projects/demo/locations/-")))

    broken = client.get_service(name=f"{PARENT}/services/broken")
    broken.template.containers[0].image = "example.com/broken"
    failing = client.update_service(service=broken)
    error = refused(exceptions.GoogleAPICallError, lambda: failing.result(timeout=60))
    assert "is not ready and cannot serve traffic" in str(error), error

    revisions = run_v2.RevisionsClient(**OPTIONS).list_revisions(parent=f"{PARENT}/services/web")
    assert len(list(revisions)) == 2
    jobs = list(run_v2.JobsClient(**OPTIONS).list_jobs(parent=PARENT))
    assert [job.name for job in jobs] == [f"{PARENT}/jobs/cleanup"]

    policy = client.get_iam_policy(request=iam_policy_pb2.GetIamPolicyRequest(resource=f"{PARENT}/services/api", options={"requested_policy_version": 3}))
    old = policy.etag
    policy.bindings.add(role="roles/run.invoker", members=["allAuthenticatedUsers"])
    policy = client.set_iam_policy(request=iam_policy_pb2.SetIamPolicyRequest(resource=f"{PARENT}/services/api", policy=policy))
    assert policy.etag != old
    policy.etag = old
    refused(exceptions.Conflict, lambda: client.set_iam_policy(request=iam_policy_pb2.SetIamPolicyRequest(resource=f"{PARENT}/services/api", policy=policy)))


def strictly(path, message):
    """Reads an answer with nothing unknown allowed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{URL}{path}") as answer:
        json_format.Parse(answer.read(), message)


def strict():
    strictly(f"/v2/{PARENT}/services", run_v2.ListServicesResponse.pb(run_v2.ListServicesResponse()))
    strictly(f"/v2/{PARENT}/jobs", run_v2.ListJobsResponse.pb(run_v2.ListJobsResponse()))
    strictly(f"/v2/{PARENT}/services/web/revisions", run_v2.ListRevisionsResponse.pb(run_v2.ListRevisionsResponse()))
    strictly(f"/v2/{PARENT}/services/web?%24alt=json%3Benum-encoding%3Dint", run_v2.Service.pb(run_v2.Service()))
    kind = secretmanager.ListSecretVersionsResponse
    strictly("/v1/projects/demo/secrets/kc-secret/versions", kind.pb(kind()))


def secrets():
    client = secretmanager.SecretManagerServiceClient(**OPTIONS)
    name = "projects/demo/secrets/kc-secret"
    assert [secret.name for secret in client.list_secrets(parent="projects/demo")] == ["projects/123456789012/secrets/kc-secret"]
    payload = client.access_secret_version(name=f"{name}/versions/latest").payload
    assert payload.data == b"demo-secret-two" and payload.data_crc32c
    added = client.add_secret_version(parent=name, payload={"data": b"three"})
    assert added.name.endswith("/versions/3")
    client.disable_secret_version(name=f"{name}/versions/1")
    pages = list(client.list_secret_versions(request={"parent": name, "filter": "state:ENABLED", "page_size": 1}).pages)
    assert [version.name.rsplit("/", 1)[1] for page in pages for version in page.versions] == ["3", "2"]
    refused(exceptions.BadRequest, lambda: client.access_secret_version(name=f"{name}/versions/1"))
    refused(exceptions.NotFound, lambda: client.get_secret(name="projects/demo/secrets/nope"))


def discovered(api, version):
    http = httplib2.Http(proxy_info=None)
    return build(api, version, http=http, client_options={"api_endpoint": URL}, static_discovery=True)


def discovery():
    services = discovered("run", "v2").projects().locations().services()
    request = services.list(parent=PARENT, pageSize=1)
    names = []
    while request is not None:
        page = request.execute()
        names += [service["name"] for service in page.get("services", [])]
        request = services.list_next(request, page)
    assert len(names) == 3, names
    web = services.get(name=f"{PARENT}/services/web").execute()
    operation = services.patch(name=web["name"], updateMask="description", body={"description": "by Python"}).execute()
    operations = discovered("run", "v2").projects().locations().operations()
    waited = operations.wait(name=operation["name"], body={"timeout": "10s"}).execute()
    assert waited["done"] and waited["response"]["description"] == "by Python", waited
    error = refused(HttpError, lambda: services.patch(name=web["name"], updateMask="nonsense", body={}).execute())
    assert error.resp.status == 400

    old = discovered("run", "v1")
    listed = old.projects().locations().services().list(parent="projects/demo/locations/-").execute()
    assert len(listed["items"]) == 9, [item["metadata"]["name"] for item in listed["items"]]
    regions = old.projects().locations().list(name="projects/demo").execute()["locations"]
    assert sum(region["labels"].get("initialized") == "true" for region in regions) == 3
    policy = discovered("cloudresourcemanager", "v3").projects().getIamPolicy(resource="projects/demo", body={}).execute()
    assert json.dumps(policy["auditConfigs"]).count("DATA_READ") == 1
    project = discovered("cloudresourcemanager", "v1").projects().get(projectId="demo").execute()
    assert project["projectNumber"] == "123456789012"


for part in (strict, services, secrets, discovery):
    part()
    print(part.__name__, "satisfied")
