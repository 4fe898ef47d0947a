# SPDX-License-Identifier: Apache-2.0
"""Writes cases.json: chat templates and parts of such, and what transformers renders of them.

    python make_cases.py        (transformers 5.24, jinja2 3.1.6)

`templates` are written here, each with the constructs of a family's own (ChatML, Qwen 2.5 and 3, Llama 3, Gemma, Mistral,
SmolLM3) in words of this project; every conversation is rendered with every set of variables. `parts` are expressions
and tags one by one: {"source", "text"}, text null where Jinja raises an error. Today is 2026-01-31 in all of them.
"""
import datetime
import itertools
import json
import pathlib
import tempfile
import warnings

import transformers
from transformers.utils import chat_template_utils

warnings.filterwarnings("ignore")
MARKS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}


class Day(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 31)


chat_template_utils.datetime = Day


def render(source, messages, variables):
    try:
        texts, _ = chat_template_utils.render_jinja_template([messages], chat_template=source, **{**MARKS, **variables})
    except Exception as error:  # whatever Python makes of it
        return None
    return texts[0]


CHATML = """{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""

CHATML_LINES = """{#- one message a turn -#}
{% if not add_generation_prompt is defined %}
{% set add_generation_prompt = false %}
{% endif %}
{% for message in messages %}
    {% if loop.first and messages[0]['role'] != 'system' %}
        {{ '<|im_start|>system\nBe of help.<|im_end|>\n' }}
    {% endif %}
    {{'<|im_start|>' + message['role'] + '
' + message['content'] | trim + '<|im_end|>' + '
'}}
{% endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}
"""

QWEN_2 = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'A helper.' }}
    {%- endif %}
    {{- "\\n\\n# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n{\\"name\\": <name>}<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nA helper.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

QWEN_3 = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(looking=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.looking and message.role == "user" and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.looking = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is defined and message.reasoning_content is not none %}
            {%- set thought = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in message.content %}
                {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
                {%- set thought = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last %}
            {%- if loop.last or (not loop.last and thought) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

LLAMA_3 = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message stands by itself. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: shell\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One call at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- tool_call.name + '(' }}
        {%- for arg_name, arg_val in tool_call.arguments | items %}
            {{- arg_name + '="' + arg_val + '"' }}
            {%- if not loop.last %}{{- ", " }}{%- endif %}
        {%- endfor %}
        {{- ")" }}
    {%- elif message.role == "tool" %}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

GEMMA = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Roles must alternate user/assistant/user/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
"""

MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After an optional system message, roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] " + (tools | tojson) + "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not loop.last %}{{- "}, " }}{% else %}{{- "}]" + eos_token }}{% endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" %}
        {%- if message.content is defined and message.content.content is defined %}
            {%- set content = message.content.content %}
        {%- else %}
            {%- set content = message.content %}
        {%- endif %}
        {{- '[TOOL_RESULTS] {"content": ' + content|string + "}[/TOOL_RESULTS]" }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported") }}
    {%- endif %}
{%- endfor %}
"""

SMOL_3 = """{# ───── defaults ───── #}
{%- if enable_thinking is not defined -%}
{%- set enable_thinking = true -%}
{%- endif -%}
{%- if enable_thinking -%}
  {%- set mode = "/think" -%}
{%- else -%}
  {%- set mode = "/no_think" -%}
{%- endif -%}
{# ───── header ───── #}
{{- "<|im_start|>system\\n" -}}
{%- if messages[0].role == "system" -%}
  {%- set system_message = messages[0].content -%}
  {%- if "/no_think" in system_message -%}
    {%- set mode = "/no_think" -%}
  {%- elif "/think" in system_message -%}
    {%- set mode = "/think" -%}
  {%- endif -%}
  {%- set custom = system_message.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{%- if "/override" in system_message -%}
  {{- custom.replace("/override", "").rstrip() -}}
  {{- "<|im_end|>\\n" -}}
{%- else -%}
  {{- "## Facts\\n\\n" -}}
  {%- set today = strftime_now("%d %B %Y") -%}
  {{- "Today: " ~ today ~ "\\n" -}}
  {{- "Mode: " + mode + "\\n\\n" -}}
  {%- if custom -%}
    {{- custom + "\\n\\n" -}}
  {%- elif mode == "/think" -%}
    {{- "Think before you answer.\\n\\n" -}}
  {%- else -%}
    {{- "Answer at once.\\n\\n" -}}
  {%- endif -%}
  {%- if xml_tools or python_tools or tools -%}
    {%- set ns = namespace(text="") -%}
    {%- for tool in (xml_tools or tools) -%}
      {%- set ns.text = ns.text ~ (tool | string if tool is string else tool | tojson) ~ "\\n" -%}
    {%- endfor -%}
    {{- ns.text + "\\n\\n" -}}
  {%- endif -%}
  {{- "<|im_end|>\\n" -}}
{%- endif -%}
{%- for message in messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "user" -%}
        {{ "<|im_start|>" + message.role + "\\n"  + content + "<|im_end|>\\n" }}
    {%- elif message.role == "assistant" -%}
        {% generation %}
        {%- if mode == "/think" -%}
            {{ "<|im_start|>assistant\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {%- else -%}
            {{ "<|im_start|>assistant\\n" + "<think>\\n\\n</think>\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {%- endif -%}
        {% endgeneration %}
    {%- elif message.role == "tool" -%}
    {{ "<|im_start|>user\\n"  + message.content + "<|im_end|>\\n" }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {%- if mode == "/think" -%}
        {{ "<|im_start|>assistant\\n" }}
    {%- else -%}
        {{ "<|im_start|>assistant\\n" + "<think>\\n\\n</think>\\n"  }}
    {%- endif -%}
{%- endif -%}
"""

PARTS_OF_A_MESSAGE = """{% set picture_count = namespace(value=0) %}{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system
A helper.<|im_end|>
{% endif %}<|im_start|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}<|im_end|>
{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}{% set picture_count.value = picture_count.value + 1 %}{% if add_vision_id %}Picture {{ picture_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

TEMPLATES = {"chatml": CHATML, "chatml_lines": CHATML_LINES, "qwen_2": QWEN_2, "qwen_3": QWEN_3, "llama_3": LLAMA_3,
             "gemma": GEMMA, "mistral": MISTRAL, "smol_3": SMOL_3, "parts": PARTS_OF_A_MESSAGE}


def message(role, content, **more):
    return {"role": role, "content": content, **more}


CALL = {"type": "function", "function": {"name": "look", "arguments": {"place": "über", "depth": "3"}}}
CONVERSATIONS = [
    [message("user", "a photo of a red car")],
    [message("user", "  a photo\nof {{ braces }} and {% tags %} \n")],
    [message("system", "Be brief. "), message("user", "two dogs \U0001f415 <b>&amp;</b>")],
    [message("system", "/no_think Paint."), message("user", "a cat")],
    [message("system", "Alone. /override"), message("user", "a cat")],
    [message("user", ""), message("assistant", "<think>\nhm\n</think>\n\nYes."), message("user", "more")],
    [message("system", "S"), message("user", "u"), message("assistant", "\n\na\n"), message("user", "u2"), message("assistant", "b")],
    [message("user", "u"), message("user", "twice")],
    [message("user", "look"), message("assistant", "", tool_calls=[CALL]), message("tool", "found 3"), message("user", "so?")],
    [message("user", [{"type": "image"}, {"type": "text", "text": " what is this? "}])],
    [message("assistant", "first")],
]
VARIABLES = [{}, {"add_generation_prompt": True}, {"add_generation_prompt": True, "enable_thinking": False},
             {"add_generation_prompt": True, "enable_thinking": True},
             {"tools": [{"name": "look", "parameters": {"type": "object", "n": [1, 2.5, None, True]}}], "add_vision_id": True},
             {"custom_tools": ["one", "two"], "xml_tools": ["<a>"], "date_string": "1 May 2025"}]

VALUES = ["''", "'abc'", "'  Über  den\\tWOLKEN \\n'", "'a-b-c'", "0", "3", "-7", "2.5", "true", "none", "nothing", "[]", "[3, 1, 2]",
          "['a', 'b']", "{}", "{'a': 1, 'b': [1, 'x']}", "messages", "messages[0]", "(1,)", "('x', 'y')", "1e", "'\U0001f415é'"]
SIDES = ["'abc'", "3", "2.5", "true", "none", "nothing", "[3, 1, 2]", "{'a': 1}"]
FILTERS = ["trim", "trim('c')", "trim(chars='a')", "upper", "lower", "title", "capitalize", "default('d')", "default('d', true)",
           "d", "default('x', boolean=true)", "tojson", "tojson(indent=2)", "tojson(ensure_ascii=true)", "length", "count", "join", "join(', ')", "join(d='-')", "replace('a', 'bb')",
           "replace('-', '+', 1)", "first", "last", "list", "reverse | list", "items | list", "int", "int(5)",
           "abs", "string", "safe", "select | list", "reject | list", "select('string') | list",
           "selectattr('role') | list", "selectattr('role', 'equalto', 'user') | list | length", "rejectattr('role', 'eq', 'user') | list",
           "map('upper') | list | join", "map(attribute='role') | join(',')", "map(attribute='zzz', default='-') | join(',')", "e", "unique | list", "sort", "wordcount",
           "trimm", "float", "round", "dictsort", "batch(2) | list", "sum", "random", "indent", "escape", "striptags", "max"]
TESTS = ["defined", "undefined", "none", "boolean", "true", "false", "string", "number", "integer", "float", "mapping", "sequence",
         "iterable", "callable", "odd", "even", "divisibleby 3", "divisibleby(3)", "in [3, 'abc']", "in 'abcd'", "equalto 3", "eq('abc')", "ne 3",
         "lt 3", "gt(2)", "le 3", "ge 3", "sameas none", "lower", "upper", "escaped", "nonsense", "== 3"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">", "<=", ">=", "in", "not in", "and", "or"]
METHODS = ["strip()", "lstrip()", "rstrip()", "strip('ab')", "lstrip('\\n ')", "split()", "split('-')", "split('-', 1)", "split('')",
           "startswith('a')", "endswith(('c', 'x'))", "replace('b', 'B')", "replace('', 'B')", "find('b')", "find('é')", "count('-')",
           "join(['x', 'y'])", "upper()", "lower()", "title()", "capitalize()", "get('a')", "get('zz', 5)", "items() | list", "keys() | list", "values() | list", "append(1)",
           "format(1)", "splitlines()", "isdigit()", "rsplit('-')", "role", "content", "zz", "copy()", "__class__", "items", "pop()", "index(1)", "removeprefix('a')"]
SUBSCRIPTS = ["[0]", "[-1]", "[9]", "['a']", "['role']", "['items']", "[1:]", "[:-1]", "[::2]", "[::-1]", "[-2:]", "[5:1]", "[0:9:3]", "[-1::-2]", "[::0]", "['a':]", "[1,2]",
              "[none]", "[true]", "[1.5]", "[]", "[:]", "[:2][0]", "[2:0:-1]"]
SINGLE = [
    "{{ 'a' 'b' }}", "{{ 'a' if true }}|{{ 'a' if false }}|{{ 'a' if false else 'b' }}", "{{ not true }}", "{{ not not 1 }}",
    "{{ 1 < 2 < 3 }}", "{{ 1 < 3 < 2 }}", "{{ 1 if 0 else 2 if 0 else 3 }}", "{{ -3 | abs }}", "{{ - 3 }}", "{{ 2 * -3 }}", "{{ +3 }}",
    "{{ 1 + 2 * 3 ~ 'x' }}", "{{ 'x' ~ 1 + 2 }}", "{{ 7 // 2 * 2 }}", "{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }}", "{{ 2 ** 3 }}",
    "{{ '\\x41\\u00e9\\U0001f415\\101\\q\\'\\\"\\\\' }}", "{{ \"it's\" }}", "{{ 'line\\\nnext' }}", "{{ '\\N{DASH}' }}", "{{ 1_000 }}", "{{ 1.0 }} {{ 0.1 }} {{ 100.25 }}",
    "{{ true }}{{ false }}{{ none }}{{ True }}{{ None }}", "{{ nothing }}", "{{ nothing.x }}", "{{ nothing | length }}", "{{ nothing | join }}", "{{ nothing == nothing2 }}",
    "{{ 'a' in nothing }}", "{{ nothing + 'a' }}", "{{ 1 in 'a' }}", "{{ [1, 2] + [3] | length }}", "{{ ([1, 2] + [3]) | length }}", "{{ 'ab' * 3 }}", "{{ 'a' + 1 }}",
    "{{ {'a': {'b': 'c'}}['a'].b }}", "{{ {'a': 1}.a }}", "{{ (1, 2)[1] }}", "{{ 'abc'.upper().lower() }}", "{{ messages[0]['content'][:3] }}", "{{ messages.0.role }}",
    "{{ loop }}", "{{ range(3) | list | join }}", "{{ range(1, 7, 2) | join(',') }}", "{{ range(5, 0, -2) | join(',') }}", "{{ dict(a=1)['a'] }}", "{{ namespace(a=1).a }}",
    "{{ raise_exception('no') }}", "{{ strftime_now('%d %b %Y|%B|%m|%%') }}", "{{ strftime_now is defined }}", "{{ lipsum() }}", "{{ cycler(1) }}", "{{ joiner(',') }}",
    "{% for x in [1, 2, 3] %}{{ x }}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }},{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 2] %}{{ loop.depth }}{% endfor %}",
    "{% for x in [1, 2, 3, 4] if x % 2 == 0 %}{{ loop.index }}:{{ x }} {% endfor %}", "{% for x in [] %}x{% else %}none{% endfor %}", "{% for x in [1] if false %}x{% else %}none{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in {'b': 1, 'a': 2} %}{{ k }}{% endfor %}", "{% for c in 'aé' %}{{ c }}.{% endfor %}", "{% for x in nothing %}x{% endfor %}.",
    "{% for x in 3 %}{% endfor %}", "{% for x, y in [[1, 2], [3, 4]] %}{{ x + y }},{% endfor %}", "{% for x, y in [[1]] %}{% endfor %}", "{% for (x, y) in [(1, 2)] %}{{ x }}{{ y }}{% endfor %}",
    "{% for x in [1, 2, 3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in [1, 2] %}{% for y in [1, 2, 3] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% for i in [1] %}{% set y = 5 %}{% endfor %}{{ y }}", "{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "{% set x.y = 1 %}", "{% set ns = namespace() %}{% set ns._x = 1 %}{{ ns._x }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a | join(',') }}", "{% set x %}in {{ 1 + 1 }}{% endset %}[{{ x }}]", "{% set x | upper | trim %} in {% endset %}[{{ x }}]", "{% set x %}{% for i in [1, 2] %}{{ i }}{% endfor %}{% endset %}{{ x | length }}",
    "{% if nothing %}a{% elif 0 %}b{% elif '' %}c{% elif [] %}d{% else %}e{% endif %}", "{% if 'a' in {'a': 1} %}y{% endif %}", "{% if 1 is defined and nothing is not defined %}y{% endif %}",
    "{% if messages[0].role is string %}y{% endif %}", "{% if not messages[0].tool_calls %}y{% endif %}", "{% if messages[0].tool_calls is none %}y{% else %}n{% endif %}", "{{ messages | tojson }}", "{{ {'é': '\"<&>\\n\\t/'} | tojson }}", "{{ [1, 2.0, none, true, 'a', {}, [], [[]]] | tojson }}",
    "{{ [1, {'a': []}] | tojson(indent=4) }}", "{% macro f(x) %}{{ x }}{% endmacro %}{{ f(1) }}", "{% raw %}{{ x }}{% endraw %}", "{% block a %}x{% endblock %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% filter upper %}a{% endfilter %}", "{% call f() %}{% endcall %}", "{% with a = 1 %}{{ a }}{% endwith %}", "{% do x %}", "{% generation %} a {% endgeneration %}b",
    "a\n", "a\n\n", "\n", "", "a\r\nb\rc", "{{ 'a' }}\n", "{{ 'a' }}\n\nb", "{% if true %}\na\n{% endif %}\nb", "  {% if true %}\n  a\n  {% endif %}\nb", "x  {% if true %}a{% endif %}  y", "x\n  {%+ if true %}a{% endif +%}\ny",
    "a \n {%- if true -%} \n b \n {%- endif -%} \n c", "a {{- 'b' -}} c", "a {{ 'b' -}} \n c", "a\n  {# c #}\n  b", "a {#- c -#} b", "a\n{#\n two\n#}\nb", "a\u00a0{{- 'b' -}}\u2003c", "{{ 'a' }}{% if true %}\n\n{% endif %}b", "\t{% if true %}x{% endif %}", "x{% if true %}\n  {{ 'y' }}\n  {% endif %}z",
    "{%if true%}a{%endif%}", "{{'a'}}{{ \"b\" }}", "{{ {'a': 1}}}", "{{ '}}' }}", "{{ '%}' }}", "{% if '%}' %}a{% endif %}", "{ { x } } {x} { % #}", "a }} b %} c", "{{", "{% if true %}", "{% endif %}", "{{ 1 + }}", "{{ (1 }}", "{{ 1) }}", "{% if %}a{% endif %}", "{% for in x %}{% endfor %}", "{% else %}", "{# open",
    "{{ 'a }}", "{{ a b }}", "{{ 1 = 2 }}", "{{ @ }}", "{{ x! }}", "{{ ! x }}", "{% if true %}a{% else %}b{% else %}c{% endif %}", "{% for x in [1] %}{% endif %}", "{{ [1, 2,] | length }}", "{{ {'a': 1,} | length }}", "{{ [1 2] }}", "{{ f(a=1, 2) }}", "{{ namespace(*[1]) }}", "{{ messages[0].content.strip().split(' ')[-1] }}",
    "{{ 'x' is string and 1 is number }}", "{{ not 'x' is string }}", "{{ 1 is not string }}", "{{ 'a' if x is defined else 'b' }}", "{{ x is defined or 'c' }}", "{{ 3 is divisibleby 3 and true }}", "{{ 'b' in ['a', 'b'] and 'x' not in 'abc' }}", "{{ 'a' not in 'abc' }}", "{{ not 'a' in 'abc' }}", "{{ [3, 1][0] is odd }}",
    "{{ (messages | length) - 1 }}", "{{ messages|length - 1 }}", "{{ messages | map(attribute='content') | join('|') }}", "{{ ['a', 'B'] | map('lower') | join }}", "{{ 'a,b'.split(',') | join('+') }}", "{{ 'a'.foo() }}", "{{ 'a'.foo }}", "{{ [1].foo }}", "{{ messages[0].keys() | list | join(',') }}", "{{ messages[0].items() | list | length }}", "{{ 1.5 | int }}{{ '12' | int }}{{ 'x' | int }}",
    "{{ 'İ'.lower() }}{{ 'ΣΑΣ' | lower }}", "{{ 'straße' | upper }}", "{{ [] == [] }}{{ {} == {} }}{{ 1 == 1.0 }}{{ 1 == true }}{{ 'a' == 1 }}", "{{ [1, 2] < [1, 3] }}", "{{ 'a' < 'b' }}{{ 'B' < 'a' }}", "{{ none < 1 }}", "{{ x if x }}", "{{ 'a' ~ none ~ true ~ 1.5 }}", "{{ ('a', 'b') | join }}", "{{ () | length }}",
    "{{ '' | default('d') }}{{ none | default('d') }}{{ nothing | default }}|", "{{ nothing | default(nothing2) }}|", "{{ 'a' | default(1/0) }}", "{{ true and 'x' }}{{ false or 'y' }}{{ 0 or [] }}", "{{ 1 and }}",
]


def ids_of_chats():
    """What a whole tokenizer gives, of a folder of tests/oracle/encoders/tok_cases.json with a template of the above."""
    known = json.loads((pathlib.Path(__file__).parents[1] / "encoders/tok_cases.json").read_text())
    files = next(case["files"] for case in known["cases"] if case["name"] == "Qwen2Tokenizer_decoder")
    chats = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, value in files.items():
            value = known["files"][value[1:]] if isinstance(value, str) and value.startswith("@") else value
            (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
        (folder / "chat_template.jinja").write_text(QWEN_3)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        for options in ({}, {"system": "Be brief."}, {"variables": {"enable_thinking": False}}, {"add_generation_prompt": False},
                        {"system": "S", "user": "Paint: {prompt}!", "answer": "<|im_start|>a"}):
            for prompt in ("a photo of a red car", "", " spaces  \n", "<|im_end|> in words", "Das grüne Auto 😀"):
                messages = [message("system", options["system"])] if "system" in options else []
                messages.append(message("user", options.get("user", "{prompt}").replace("{prompt}", prompt)))
                text = tokenizer.apply_chat_template(messages, tokenize=False, **options.get("variables", {}),
                                                     add_generation_prompt=options.get("add_generation_prompt", True))
                ids = tokenizer(text + options.get("answer", ""), add_special_tokens=False)["input_ids"]
                if "answer" not in options:
                    assert ids == tokenizer.apply_chat_template(messages, return_dict=False, **options.get("variables", {}),
                                                                add_generation_prompt=options.get("add_generation_prompt", True))
                chats.append({"options": options, "prompt": prompt, "ids": ids})
    return {"case": "Qwen2Tokenizer_decoder", "template": "qwen_3", "chats": chats}


def main():
    cases = {"source": "transformers 5.24, jinja2 3.1.6, by make_cases.py", "marks": MARKS, "conversations": CONVERSATIONS, "variables": VARIABLES, "templates": [], "parts": []}
    for name, source in TEMPLATES.items():
        texts = [[render(source, messages, dict(variables)) for variables in VARIABLES] for messages in CONVERSATIONS]
        cases["templates"].append({"name": name, "source": source, "texts": texts})
    sources = list(SINGLE)
    sources += ["{{ (%s | %s) | tojson }}" % pair for pair in itertools.product(VALUES, FILTERS)]
    sources += ["{{ %s is %s }}" % pair for pair in itertools.product(VALUES, TESTS)]
    sources += ["{{ (%s %s %s) | tojson }}" % (a, o, b) for a, o, b in itertools.product(SIDES, OPERATORS, SIDES)]
    sources += ["{{ (%s).%s | tojson }}" % pair for pair in itertools.product(VALUES, METHODS)]
    sources += ["{{ (%s)%s | tojson }}" % pair for pair in itertools.product(VALUES, SUBSCRIPTS)]
    tags = ["{%", "{%-", "{%+"], ["%}", "-%}", "+%}"]
    for (a, b), space, end in itertools.product(itertools.product(*tags), ["", " ", "\n", " \n ", "\n\n  "], ["", " ", "\n", "\n ", "\n\n"]):
        sources.append(f"x{space}{a} if true {b}{end}y{space}{{{{ 'z' }}}}{end}{a} endif {b}{end}w")
    for source in sources:
        text = render(source, CONVERSATIONS[2], {})
        # What Python spells with the address of an object, or at random, is nothing to be equal to.
        if text is None or (" at 0x" not in text and "random" not in source):
            cases["parts"].append({"source": source, "text": text})
    cases["tokenized"] = ids_of_chats()
    must = len(SINGLE)
    cases["single"] = must
    path = pathlib.Path(__file__).with_name("cases.json")
    path.write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(len(cases["parts"]), "parts,", sum(p["text"] is None for p in cases["parts"]), "errors,", path.stat().st_size, "bytes")


main()
