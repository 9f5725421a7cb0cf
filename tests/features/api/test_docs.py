import re


def test_the_page_has_every_operation_in_both_languages(house):
    operations = {
        operation["operationId"]
        for methods in house.visitor.get("/openapi.json").json["paths"].values()
        for operation in methods.values()
    }
    for prefix, words in (("", "如何开始"), ("/en", "How to begin")):
        page = house.visitor.http.get(f"{prefix}/api/v1/docs", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert words in page.text
        assert operations <= set(re.findall(r'id="(\w+)"', page.text))


def test_the_page_leads_to_shapes_that_are_there(house):
    page = house.visitor.http.get("/api/v1/docs").text
    ids = set(re.findall(r'id="([\w-]+)"', page))
    assert set(re.findall(r'href="#([\w-]+)"', page)) <= ids


def test_the_page_needs_no_script_or_style_of_others(house):
    page = house.visitor.http.get("/api/v1/docs").text
    assert not re.findall(r'(?:src|rel="stylesheet" href)="(?!/static/dist/|/portrait/)', page)


def test_refusals_are_said_in_the_language_of_the_asker(house):
    for language, sentence in (("en", "This is needed."), ("zh-CN", "此项必填。")):
        answer = house.visitor.http.post("/api/v1/tokens", json={}, headers={"Accept-Language": language})
        assert answer.json["fields"] == {"email": sentence, "password": sentence}
