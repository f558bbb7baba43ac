# Baton
# SPDX-License-Identifier: Apache-2.0
"""Official clients against the gateway of a server, before the mock model server: gateway_check.py BATON. What they ask is
charged to the API key that they show, and ends at its budget. Prints one line for each check and fails when one does not
hold."""

import json
import os
import subprocess
import sys
import tempfile

import anthropic
import openai

import checking
from checking import raises

baton = sys.argv[1]


def check(test):
    checking.check(test, "gateway: ")


home = tempfile.mkdtemp()
upstream = os.environ["ANTHROPIC_BASE_URL"]
environment = {
    "PATH": os.environ["PATH"],
    "HOME": home,
    "BATON_HOME": f"{home}/data",
    "BATON_PROVIDERS": json.dumps(
        {
            "anthropic": {"base_url": upstream, "models": ["claude-haiku-5-5"], "key_secret": "env:MOCK_KEY"},
            "openai": {"base_url": f"{upstream}/v1", "models": ["gpt-6-luna"], "key_secret": "env:MOCK_KEY"},
        }
    ),
    "MOCK_KEY": "a-key-that-no-client-sees",
}


def run(*words, text=None):
    done = subprocess.run(
        [baton, *words, "-o", "json"], env=environment, input=text, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout or "null")


def spent(key):
    """In LLM tokens: models on this machine cost no money."""
    return run("budget", "show", f"api_key:{key}", "--server", url)[0]["spent_llm_tokens"]


def limit(key, tokens):
    run("budget", "set", f"api_key:{key}", "none", "--llm-tokens", str(tokens), "--server", url)


def message(text, **more):
    body = {"model": "claude-haiku-5-5", "max_tokens": 200, "messages": [{"role": "user", "content": text}]}
    return {**body, **more}


log = open(f"{home}/log", "w+", encoding="utf-8")
server, url = checking.serve(baton, env=environment, stderr=log)
try:
    with open(f"{home}/data/token", encoding="ascii") as file:
        environment["BATON_TOKEN"] = file.read().strip()
    user = run("user", "create", "ann@example.org", "--server", url, text="a long enough password\n")
    made = run("key", "create", "sdk", "--user", user["id"], "--server", url)
    limit(made["id"], 1_000_000)
    claude = anthropic.Anthropic(base_url=f"{url}/gateway/anthropic", api_key=made["key"], max_retries=0)
    gpt = openai.OpenAI(base_url=f"{url}/gateway/openai/v1", api_key=made["key"], max_retries=0)

    @check
    def anthropic_talks_and_is_charged():
        assert claude.messages.create(**message("sunny")).content[0].text == "It is sunny."
        first = spent(made["id"])
        assert first > 0
        with claude.messages.stream(**message("sunny")) as stream:
            assert "".join(stream.text_stream) == "It is sunny."
        assert spent(made["id"]) == 2 * first
        assert claude.messages.count_tokens(model="claude-haiku-5-5", messages=[{"role": "user", "content": "hi"}])
        names = [model.id for model in claude.models.list(limit=1000)]
        assert "small" in names and "anthropic/claude-haiku-5-5" in names

    @check
    def openai_talks_in_both_forms():
        before = spent(made["id"])
        ask = [{"role": "user", "content": "sunny"}]
        reply = gpt.chat.completions.create(model="gpt-6-luna", messages=ask, max_completion_tokens=200)
        assert reply.choices[0].message.content == "It is sunny."
        parts = gpt.chat.completions.create(model="gpt-6-luna", messages=ask, max_completion_tokens=200, stream=True)
        assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == "It is sunny."
        reply = gpt.responses.create(model="gpt-6-luna", input="sunny", max_output_tokens=200)
        assert reply.output_text == "It is sunny."
        assert spent(made["id"]) > before
        # A client of one provider may ask the model of the other.
        reply = gpt.chat.completions.create(model="claude-haiku-5-5", messages=ask, max_completion_tokens=200)
        assert reply.choices[0].message.content == "It is sunny."

    @check
    def what_fails_is_an_error_that_clients_know():
        stranger = anthropic.Anthropic(base_url=f"{url}/gateway/anthropic", api_key="bat_none", max_retries=0)
        raises(anthropic.AuthenticationError, lambda: stranger.messages.create(**message("sunny")))
        error = raises(anthropic.NotFoundError, lambda: claude.messages.create(**message("sunny", model="gpt-0")))
        assert "gpt-0" in str(error)
        raises(anthropic.RateLimitError, lambda: claude.messages.create(**message("limited")))
        raises(anthropic.BadRequestError, lambda: claude.messages.create(**message("wrong")))

    @check
    def the_budget_of_the_key_is_the_end():
        limit(made["id"], spent(made["id"]))
        error = raises(anthropic.APIStatusError, lambda: claude.messages.create(**message("sunny")))
        assert error.status_code == 402 and "api_key:" in str(error), error
        error = raises(openai.APIStatusError, lambda: gpt.responses.create(model="gpt-6-luna", input="sunny"))
        assert error.status_code == 402, error
        usage = run("usage", "summary", "--by", "api_key", "--by", "purpose", "--server", url)
        assert usage["items"][0]["api_key"] == made["id"] and usage["items"][0]["purpose"] == "external"
        assert usage["total"]["llm_tokens"] == spent(made["id"])
finally:
    server.terminate()
    server.wait(timeout=60)


@check
def the_server_stops_without_complaint():
    assert server.returncode == 0
    log.seek(0)
    words = log.read()
    assert " WARN " not in words and " ERROR " not in words, words
    assert made["key"] not in words and "a-key-that-no-client-sees" not in words


checking.finish()
