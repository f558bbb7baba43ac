# Baton
# SPDX-License-Identifier: Apache-2.0
"""Random usages of models that both know cost the same here and at LiteLLM, to 1e-9 USD."""

import json
import random
import re
import subprocess
import sys
from decimal import Decimal

import litellm
from litellm.litellm_core_utils.llm_cost_calc.utils import generic_cost_per_token
from litellm.types.utils import CacheCreationTokenDetails, CompletionTokensDetailsWrapper, PromptTokensDetailsWrapper, Usage

baton, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
# The table has the prices of the day; that calls at night are cheaper at some vendors is not in it.
for info in litellm.model_cost.values():
    info.pop("off_peak_pricing", None)


def table():
    """The models of the built-in table, from its source."""
    text = open("Sources/Providers/Prices/BuiltInPrices.swift").read()
    return json.loads(re.search(r'"""\n(.*?)\n *"""', text, re.S).group(1))["models"]


def known():
    """Each model with its row here and its name there."""
    rows = []
    for row in table():
        for name in (row["provider"] + "/" + row["model"], row["model"]):
            if name in litellm.model_cost and litellm.model_cost[name].get("litellm_provider") == row["provider"]:
                rows.append((row, name))
                break
    return rows


def usage(row):
    size = random.choice([100, 5_000, 90_000, 150_000, 300_000, 700_000])
    parts = {"input": random.randint(0, size), "output": random.randint(0, size // 4 + 1)}
    for kind in ("cached", "cache_write", "cache_write_long"):
        if kind in row:
            parts[kind] = random.choice([0, random.randint(0, size)])
    parts["reasoning"] = random.choice([0, random.randint(0, parts["output"])])
    return parts


def there(row, name, parts):
    """What LiteLLM says. Of caches that live long it only knows those of an hour."""
    short, long = parts.get("cache_write", 0), parts.get("cache_write_long", 0)
    details = PromptTokensDetailsWrapper(
        cached_tokens=parts.get("cached", 0),
        cache_creation_tokens=short + long,
        cache_creation_token_details=CacheCreationTokenDetails(
            ephemeral_5m_input_tokens=short, ephemeral_1h_input_tokens=long
        ),
    )
    total = parts["input"] + parts.get("cached", 0) + short + long
    call = Usage(
        prompt_tokens=total,
        completion_tokens=parts["output"],
        total_tokens=total + parts["output"],
        prompt_tokens_details=details,
        completion_tokens_details=CompletionTokensDetailsWrapper(
            reasoning_tokens=parts["reasoning"], text_tokens=parts["output"] - parts["reasoning"]
        ),
        cache_creation_input_tokens=short + long,
        cache_read_input_tokens=parts.get("cached", 0),
    )
    prompt, completion = generic_cost_per_token(model=name, usage=call, custom_llm_provider=row["provider"])
    return prompt + completion


rows = known()
cases = []
for number in range(count):
    row, name = rows[number % len(rows)]
    parts = usage(row)
    if row["provider"] != "anthropic":
        parts.pop("cache_write_long", None)
    cases.append((row, name, parts))
lines = [
    json.dumps({"id": number, "provider": row["provider"], "model": row["model"], "usage": parts})
    for number, (row, _, parts) in enumerate(cases)
]
answers = subprocess.run([baton, "conformance", "prices"], input="\n".join(lines), capture_output=True, text=True, check=True)
wrong = {}
for (row, name, parts), line in zip(cases, answers.stdout.splitlines(), strict=True):
    here = Decimal(json.loads(line)["usd"])
    other = Decimal(repr(there(row, name, parts)))
    if abs(here - other) > Decimal("1e-9"):
        wrong.setdefault(name, (here, other, parts))
for name, (here, other, parts) in sorted(wrong.items()):
    print(f"FAIL  {name}: {here} here, {other} there: {parts}")
print(f"{len(cases)} usages of {len(rows)} models, {len(wrong)} models differ")
sys.exit(1 if wrong else 0)
