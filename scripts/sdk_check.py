# Baton
# SPDX-License-Identifier: Apache-2.0
"""Official clients against the mock model server; prints one line for each check and fails when one does not hold."""

import json
import os
import time

import anthropic
import ollama
import openai
from pydantic import BaseModel

from checking import check, finish, raises

class Person(BaseModel):
    name: str
    age: int


schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
claude = anthropic.Anthropic(max_retries=0)
gpt = openai.OpenAI(max_retries=0)
llama = ollama.Client(host=os.environ["OLLAMA_HOST"])


def ask(text):
    return [{"role": "user", "content": text}]


claude_tools = [{"name": "weather", "description": "says the weather", "input_schema": schema}]
chat_tools = [{"type": "function", "function": {"name": "weather", "description": "", "parameters": schema}}]
flat_tools = [{"type": "function", "name": "weather", "description": "", "parameters": schema}]
calls = [{"city": "Rome", "days": 2}, {"city": "Ösló"}]


@check
def anthropic_chats():
    reply = claude.messages.create(model="mock", max_tokens=100, messages=ask("hello"))
    assert reply.content[0].text.startswith("[simulated ") and reply.stop_reason == "end_turn"
    assert reply.usage.input_tokens > 0 and reply.id.startswith("msg_")
    count = claude.messages.count_tokens(model="mock", messages=ask("hello"))
    assert count.input_tokens > 0
    assert [model.id for model in claude.models.list()] == ["mock-small", "mock-large"]


@check
def anthropic_streams_tools():
    with claude.messages.stream(model="mock", max_tokens=100, messages=ask("weather"), tools=claude_tools) as stream:
        text = "".join(stream.text_stream)
        reply = stream.get_final_message()
    assert text == "I look." and reply.stop_reason == "tool_use"
    uses = [block for block in reply.content if block.type == "tool_use"]
    assert [use.input for use in uses] == calls, uses
    assert (reply.usage.input_tokens, reply.usage.cache_read_input_tokens, reply.usage.output_tokens) == (100, 40, 30)
    results = [{"type": "tool_result", "tool_use_id": use.id, "content": "sunny"} for use in uses]
    turns = ask("weather") + [{"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]
    last = claude.messages.create(model="mock", max_tokens=100, messages=turns, tools=claude_tools)
    assert last.content[0].text == "It is sunny."


@check
def anthropic_thinks_and_is_structured():
    with claude.messages.stream(model="mock", max_tokens=100, messages=ask("ponder")) as stream:
        reply = stream.get_final_message()
    assert reply.content[0].thinking == "One, two." and reply.content[0].signature and reply.content[1].text == "Three."
    parsed = claude.messages.parse(model="mock", max_tokens=100, messages=ask("structured"), output_format=Person)
    assert parsed.parsed_output == Person(name="Ada", age=36)


@check
def anthropic_fails():
    limited = raises(anthropic.RateLimitError, lambda: claude.messages.create(model="m", max_tokens=9, messages=ask("limited")))
    assert limited.response.headers["retry-after-ms"] == "1" and limited.request_id.startswith("req_mock_")
    overloaded = raises(anthropic.APIStatusError, lambda: claude.messages.create(model="m", max_tokens=9, messages=ask("overloaded")))
    assert overloaded.status_code == 529
    raises(anthropic.BadRequestError, lambda: claude.messages.create(model="m", max_tokens=9, messages=ask("wrong")))

    def cut():
        with claude.messages.stream(model="m", max_tokens=9, messages=ask("cut off")) as stream:
            stream.get_final_message()

    raises(Exception, cut)


def poll(look, is_over):
    """Looks until it is over, for ten seconds at most."""
    for _ in range(100):
        found = look()
        if is_over(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"it never ends: {found}")


@check
def anthropic_batches():
    def calls(*texts):
        return [{"custom_id": text, "params": {"model": "mock", "max_tokens": 9, "messages": ask(text)}} for text in texts]

    batches = claude.messages.batches
    batch = batches.create(requests=calls("later", "weather", "wrong"))
    assert batch.processing_status == "in_progress" and batch.request_counts.processing == 3
    batch = poll(lambda: batches.retrieve(batch.id), lambda found: found.processing_status == "ended")
    assert (batch.request_counts.succeeded, batch.request_counts.errored) == (2, 1)
    results = {line.custom_id: line.result for line in batches.results(batch.id)}
    assert results["later"].message.content[0].text == "At last."
    assert results["weather"].message.stop_reason == "tool_use"
    assert results["wrong"].error.error.type == "invalid_request_error"
    stuck = batches.create(requests=calls("never"))
    assert batches.cancel(stuck.id).processing_status == "canceling"
    assert [line.result.type for line in batches.results(stuck.id)] == ["canceled"]
    assert [found.id for found in batches.list()] == [stuck.id, batch.id]
    assert batches.delete(stuck.id).id == stuck.id
    raises(anthropic.NotFoundError, lambda: batches.retrieve(stuck.id))
    raises(anthropic.BadRequestError, lambda: batches.create(requests=[]))


@check
def openai_chats_and_streams_tools():
    reply = gpt.chat.completions.create(model="mock", messages=ask("hello"))
    assert reply.choices[0].message.content.startswith("[simulated ") and reply.choices[0].finish_reason == "stop"
    with gpt.chat.completions.stream(
        model="mock", messages=ask("weather"), tools=chat_tools, stream_options={"include_usage": True}
    ) as stream:
        reply = stream.get_final_completion()
    message = reply.choices[0].message
    assert message.content == "I look." and reply.choices[0].finish_reason == "tool_calls"
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == calls
    assert (reply.usage.prompt_tokens, reply.usage.prompt_tokens_details.cached_tokens) == (140, 40)
    turns = ask("weather") + [message.to_dict()] + [
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls
    ]
    for turn in turns:
        turn.pop("parsed", None)
    last = gpt.chat.completions.create(model="mock", messages=turns, tools=chat_tools)
    assert last.choices[0].message.content == "It is sunny."
    assert [model.id for model in gpt.models.list()] == ["mock-small", "mock-large"]


@check
def openai_is_structured():
    parsed = gpt.chat.completions.parse(model="mock", messages=ask("structured"), response_format=Person)
    assert parsed.choices[0].message.parsed == Person(name="Ada", age=36)
    parsed = gpt.responses.parse(model="mock", input="structured", text_format=Person)
    assert parsed.output_parsed == Person(name="Ada", age=36)


@check
def openai_responds_and_streams_tools():
    reply = gpt.responses.create(model="mock", input="hello")
    assert reply.output_text.startswith("[simulated ") and reply.status == "completed"
    with gpt.responses.stream(model="mock", input=ask("weather"), tools=flat_tools) as stream:
        kinds = [event.type for event in stream]
        reply = stream.get_final_response()
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    made = [item for item in reply.output if item.type == "function_call"]
    assert [json.loads(item.arguments) for item in made] == calls
    assert reply.output_text == "I look." and reply.usage.input_tokens_details.cached_tokens == 40
    turns = ask("weather") + [
        {"type": "function_call", "call_id": item.call_id, "name": item.name, "arguments": item.arguments} for item in made
    ] + [{"type": "function_call_output", "call_id": item.call_id, "output": "sunny"} for item in made]
    assert gpt.responses.create(model="mock", input=turns).output_text == "It is sunny."
    pondered = gpt.responses.create(model="mock", input="ponder")
    assert pondered.output[0].type == "reasoning" and pondered.output_text == "Three."


@check
def openai_fails():
    limited = raises(openai.RateLimitError, lambda: gpt.chat.completions.create(model="m", messages=ask("limited")))
    assert limited.response.headers["retry-after-ms"] == "1"
    raises(openai.BadRequestError, lambda: gpt.responses.create(model="m", input="wrong"))
    raises(openai.APIStatusError, lambda: gpt.responses.create(model="m", input="overloaded"))

    def cut():
        for _ in gpt.responses.create(model="m", input="cut off", stream=True):
            pass

    raises(Exception, cut)


@check
def openai_embeds():
    near = gpt.embeddings.create(model="mock", input=["retries wait longer", "a retry waits", "one writer locks"])
    vectors = [item.embedding for item in near.data]
    assert near.usage.prompt_tokens > 0 and [len(vector) for vector in vectors] == [256] * 3
    plain = gpt.embeddings.create(model="mock", input="retries wait longer", encoding_format="float").data[0].embedding
    assert max(abs(a - b) for a, b in zip(plain, vectors[0])) < 1e-6
    raises(openai.RateLimitError, lambda: gpt.embeddings.create(model="m", input="limited"))
    raises(openai.BadRequestError, lambda: gpt.embeddings.create(model="m", input=[]))


@check
def openai_batches():
    def make(place, *texts):
        prompt = "input" if place == "/v1/responses" else "messages"
        lines = [
            {"custom_id": text, "method": "POST", "url": place, "body": {"model": "mock", prompt: ask(text)}} for text in texts
        ]
        data = "\n".join(json.dumps(line) for line in lines).encode()
        file = gpt.files.create(file=("calls.jsonl", data), purpose="batch")
        assert gpt.files.content(file.id).read() == data and gpt.files.retrieve(file.id).bytes == len(data)
        return gpt.batches.create(input_file_id=file.id, endpoint=place, completion_window="24h")

    def lines(file):
        return {line["custom_id"]: line["response"] for line in map(json.loads, gpt.files.content(file).text.splitlines())}

    for place in ["/v1/responses", "/v1/chat/completions"]:
        batch = make(place, "later", "weather", "wrong")
        assert batch.status == "in_progress"
        batch = poll(lambda: gpt.batches.retrieve(batch.id), lambda found: found.status == "completed")
        assert (batch.request_counts.completed, batch.request_counts.failed) == (2, 1)
        good, bad = lines(batch.output_file_id), lines(batch.error_file_id)
        assert sorted(good) == ["later", "weather"] and "At last." in json.dumps(good["later"]["body"])
        assert bad["wrong"]["status_code"] == 400
        stuck = make(place, "never")
        assert gpt.batches.cancel(stuck.id).status == "cancelling"
        assert gpt.batches.retrieve(stuck.id).status == "cancelled"
        assert [found.id for found in gpt.batches.list()][:2] == [stuck.id, batch.id]
    file = gpt.files.create(file=("calls.jsonl", b"nonsense"), purpose="batch")
    failed = gpt.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
    assert failed.status == "failed" and failed.errors.data[0].line == 1


@check
def openai_tries_again():
    patient = openai.OpenAI(max_retries=2)
    raises(openai.RateLimitError, lambda: patient.chat.completions.create(model="m", messages=ask("limited")))


@check
def ollama_chats_and_streams_tools():
    assert [model.model for model in llama.list().models] == ["mock-small", "mock-large"]
    reply = llama.chat(model="mock", messages=ask("hello"))
    assert reply.message.content.startswith("[simulated ") and reply.done
    text, made = "", []
    for part in llama.chat(model="mock", messages=ask("weather"), tools=chat_tools, stream=True):
        text += part.message.content or ""
        made += part.message.tool_calls or []
    assert text == "I look." and [call.function.arguments for call in made] == calls
    turns = ask("weather") + [{"role": "assistant", "content": text, "tool_calls": made}] + [
        {"role": "tool", "tool_name": "weather", "content": "sunny"}
    ]
    assert llama.chat(model="mock", messages=turns).message.content == "It is sunny."
    assert llama.generate(model="mock", prompt="hello").response.startswith("[simulated ")
    assert "".join(part.response for part in llama.generate(model="mock", prompt="sunny", stream=True)) == "It is sunny."


@check
def ollama_embeds():
    reply = llama.embed(model="mock", input=["retries wait", "one writer"])
    assert len(reply.embeddings) == 2 and len(reply.embeddings[0]) == 256 and reply.prompt_eval_count > 0
    raises(ollama.ResponseError, lambda: llama.embed(model="mock", input="limited"))


@check
def ollama_is_structured_thinks_and_fails():
    reply = llama.chat(model="mock", messages=ask("structured"), format=Person.model_json_schema())
    assert Person.model_validate_json(reply.message.content) == Person(name="Ada", age=36)
    reply = llama.chat(model="mock", messages=ask("ponder"), think=True)
    assert reply.message.thinking == "One, two." and reply.message.content == "Three."
    assert raises(ollama.ResponseError, lambda: llama.chat(model="mock", messages=ask("limited"))).status_code == 429


finish()
