"""What the plugin directory's Plugin Check looks at, as far as it can be seen in the files.

Each test names the check of Plugin Check whose rule it holds; docs/guide/wordpress.md lists them,
and those that only its own run can see.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from wordpress_plugin.package import PluginValues, plugin_package

SLUG, PREFIX = "acme-chatbot", "acme_chatbot"
TRANSLATED = re.compile(
    r"\b(?:__|_e|_n|_x|esc_html__|esc_attr__|esc_html_e)\( *'((?:[^'\\]|\\.)*)', *'([^']+)'"
)
FORBIDDEN = """
eval create_function base64_decode gzinflate str_rot13 exec system passthru shell_exec proc_open
extract goto move_uploaded_file ini_set error_reporting set_time_limit query_posts
"""
ALLOWED_TYPES = {".php", ".js", ".json", ".txt", ".po", ".pot", ".mo"}
NEEDS_PHP_8 = re.compile(
    r"\b(str_contains|str_starts_with|str_ends_with|array_is_list|get_debug_type)\s*\("
    r"|\?->|\bmatch\s*\(|\benum\s+\w+|\breadonly\b|#\[|\bfn\s*\(.*\):\s*never|\|\s*null\s*\$"
)
ESCAPED = re.compile(
    r"^(esc_html|esc_attr|esc_url|esc_html__|esc_html_e|esc_attr__|esc_textarea|wp_kses_post)\("
    r"|^'[^']*'$|^\$style$"
)


def packed(flavour: str = "directory") -> dict[str, str]:
    values = PluginValues(
        server_url="https://chat.example.com",
        chatbot="key",
        client_slug="acme",
        client_name="Acme",
        flavour="directory" if flavour == "directory" else "self_updating",
    )
    with zipfile.ZipFile(io.BytesIO(plugin_package(values).content)) as archive:
        return {
            name.removeprefix(f"{SLUG}/"): archive.read(name).decode("utf-8", "replace")
            for name in archive.namelist()
        }


FILES = packed()
PHP = {name: text for name, text in FILES.items() if name.endswith(".php")}
ALL_PHP = "\n".join(PHP.values())
CODE = re.sub(r"/\*.*?\*/|//[^\n]*", "", ALL_PHP, flags=re.DOTALL)
HEADER = dict(re.findall(r"^ \* ([A-Z][A-Za-z ]+): (.+)$", PHP[f"{SLUG}.php"], re.MULTILINE))
README = FILES["readme.txt"]


@pytest.mark.parametrize("name", sorted(PHP))
def test_direct_file_access(name: str) -> None:
    guard = (
        "defined( 'WP_UNINSTALL_PLUGIN' )" if name == "uninstall.php" else "defined( 'ABSPATH' )"
    )
    first_code = re.sub(r"^<\?php\s*(/\*.*?\*/)?\s*", "", PHP[name], flags=re.DOTALL)
    assert first_code.startswith(f"if ( ! {guard} ) {{\n\texit;")


def test_i18n_usage() -> None:
    calls = re.findall(
        r"\b(?:__|_e|_n|_x|esc_html__|esc_attr__|esc_html_e)\( *'((?:[^'\\]|\\.)*)', *'([^']+)'",
        CODE,
    )
    assert len(calls) > 30
    assert {domain for _, domain in calls} == {SLUG}
    assert HEADER["Text Domain"] == SLUG
    for text, _ in calls:
        if "%s" in text:
            before = ALL_PHP[: ALL_PHP.index(f"'{text}'")]
            assert "translators:" in before[-400:], text


def pieces(statement: str) -> Iterator[str]:
    """The parts of an echo that are joined with dots."""
    depth, quoted, piece = 0, False, ""
    for one in statement:
        if one == "'":
            quoted = not quoted
        if not quoted:
            depth += (one in "([") - (one in ")]")
        if one == "." and depth == 0 and not quoted:
            yield piece.strip()
            piece = ""
        else:
            piece += one
    yield piece.strip()


def test_late_escaping() -> None:
    echoes = re.findall(r"\becho (.+?);\n", CODE)
    assert len(echoes) > 20
    unescaped = [piece for echo in echoes for piece in pieces(echo) if not ESCAPED.match(piece)]
    assert unescaped == []
    for arguments in re.findall(r"\bprintf\( '[^']*', (.*) \);", CODE):
        assert all(one.startswith("esc_") for one in re.split(r", (?=esc_)", arguments))


def test_setting_sanitization() -> None:
    for call in re.findall(r"register_setting\((.*?)\);", CODE, re.DOTALL):
        assert "'sanitize_callback'" in call


def test_nonce_verification() -> None:
    handlers = re.findall(rf"function ({PREFIX}_handle_\w+)\(\) {{\n(.*?)\n}}", ALL_PHP, re.DOTALL)
    assert len(handlers) >= 3
    assert all(f"{PREFIX}_demand_admin( '" in body for _, body in handlers)
    assert "check_admin_referer" in CODE
    assert "current_user_can( 'manage_options' )" in CODE


def test_prefixing() -> None:
    functions = re.findall(r"^function (\w+)", CODE, re.MULTILINE)
    constants = re.findall(r"define\( '(\w+)'", CODE)
    options = re.findall(r"(?:get|update|delete|add)_(?:site_)?option\( '(\w+)'", CODE)
    hooks = re.findall(r"(?:apply_filters|do_action)\( '(\w+)'", CODE)
    assert functions
    assert all(name.startswith(f"{PREFIX}_") for name in [*functions, *options])
    assert all(name.startswith(PREFIX.upper()) for name in constants)
    assert {name for name in hooks if not name.startswith(PREFIX)} <= {"wpml_current_language"}
    assert not re.findall(r"^(?:class|interface|trait) ", CODE, re.MULTILINE)


def test_code_obfuscation_and_forbidden_functions() -> None:
    forbidden = rf"\b({'|'.join(FORBIDDEN.split())}|curl_\w+)\s*\("
    assert re.findall(forbidden, CODE.replace("->extract(", "")) == []
    assert "<<<" not in CODE


def test_localhost() -> None:
    everything = "\n".join(FILES.values())
    assert not re.search(r"localhost|127\.0\.0\.1|\.local\b(?!Storage)", everything)


def test_file_type() -> None:
    for name in FILES:
        path = PurePosixPath(name)
        assert path.suffix in ALLOWED_TYPES, name
        assert not any(part.startswith(".") for part in path.parts)
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", name)


def test_offloading_files_and_enqueued_resources() -> None:
    scripts = re.findall(r"wp_register_script\((.*?)\);", CODE, re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        assert "$url . '" in script
        assert script.strip().endswith("true")  # in the footer
    assert "<script" not in CODE
    assert "<link" not in CODE
    assert "wp_script_add_data( 'acme-chatbot', 'strategy', 'defer' )" in CODE
    assert len(FILES["assets/front.js"].encode()) < 8_000


def test_plugin_header_fields() -> None:
    for name in ("Plugin Name", "Description", "Version", "Requires at least", "Requires PHP"):
        assert HEADER[name].strip()
    assert HEADER["License"] == "Apache-2.0"
    assert HEADER["Domain Path"] == "/languages"
    assert len(re.findall(r"[A-Za-z0-9]", HEADER["Plugin Name"])) >= 5
    assert f"define( '{PREFIX.upper()}_VERSION', '{HEADER['Version']}' )" in ALL_PHP


def test_plugin_updater() -> None:
    assert "Update URI" not in HEADER
    assert "includes/updater.php" not in FILES
    assert "includes/updater.php" in packed("self_updating")


def test_plugin_readme() -> None:
    fields = dict(re.findall(r"^([A-Z][A-Za-z ]+): (.+)$", README, re.MULTILINE))
    assert README.startswith(f"=== {HEADER['Plugin Name']} ===")
    assert fields["Stable tag"] == HEADER["Version"]
    assert fields["License"] == HEADER["License"]
    assert fields["Requires at least"] == HEADER["Requires at least"]
    assert fields["Requires PHP"] == HEADER["Requires PHP"]
    assert len(fields["Tags"].split(",")) <= 5
    short = README.partition("\n\n")[2].partition("\n")[0]
    assert 0 < len(short) <= 150
    assert f"= {HEADER['Version']} =" in README
    for section in ("Description", "Installation", "External services", "Changelog"):
        assert f"== {section} ==" in README


def test_no_unfiltered_uploads() -> None:
    assert "ALLOW_UNFILTERED_UPLOADS" not in ALL_PHP


def test_plugin_uninstall() -> None:
    stored = set(re.findall(rf"(?:update|add)_option\( '{PREFIX}_(\w+)'", CODE))
    stored |= set(re.findall(rf"register_setting\(\s*'\w+',\s*'{PREFIX}_(\w+)'", CODE))
    own = packed("self_updating")["includes/updater.php"]
    stored |= set(re.findall(rf"update_option\( '{PREFIX}_(\w+)'", own))
    assert stored
    for name in stored:
        assert f"'{name}'" in PHP["uninstall.php"], name


def test_safe_redirect() -> None:
    assert "wp_safe_redirect(" in CODE
    assert not re.search(r"\bwp_redirect\s*\(|(?<!->)\bheader\s*\(", CODE)


def test_external_admin_menu_links_and_menu_image_icon() -> None:
    added = re.findall(r"\b(add_\w+_page)\((.*?)\);", CODE)
    assert {name for name, _ in added} == {"add_options_page", "add_submenu_page"}
    assert not any("://" in arguments for _, arguments in added)


def test_personal_data_exporter() -> None:
    for tool in ("exporters", "erasers"):
        assert f"add_filter( 'wp_privacy_personal_data_{tool}'" in CODE


def test_direct_db() -> None:
    """What stands in a query without `prepare` is a table's name alone."""
    queries = re.findall(r'"((?:SELECT|INSERT|UPDATE|DELETE|DROP) [^"]*)"', CODE)
    assert len(queries) >= 6
    named = {name for one in queries for name in re.findall(r"\$\w+(?:->\w+)?", one)}
    assert named <= {"$table", "$wpdb->posts", "$wpdb->options"}
    unprepared = re.findall(r"\$wpdb->(?:query|get_\w+)\(\s*\"([^\"]*)\"", CODE)
    assert all("%" not in one and "WHERE" not in one for one in unprepared)


def test_minified_files() -> None:
    for name, text in FILES.items():
        if name.endswith((".php", ".js")):
            assert max(map(len, text.splitlines())) < 600, name


def test_write_file() -> None:
    written = r"\b(file_put_contents|fopen|fwrite|mkdir|rename|unlink|touch|wp_mkdir_p)\s*\("
    assert not re.search(written, CODE)


def test_react_usage() -> None:
    """Nothing that React 19 took away; the block uses WordPress's own `createElement`."""
    editor = FILES["blocks/chat/editor.js"]
    for gone in ("ReactDOM", "findDOMNode", "defaultProps", "propTypes", "window.React"):
        assert gone not in editor


def test_enqueued_scripts_size_and_styles() -> None:
    scripts = [text for name, text in FILES.items() if name.endswith(".js")]
    assert sum(len(text.encode()) for text in scripts) < 293_000
    assert "wp_enqueue_style" not in CODE


def test_block_json() -> None:
    block = json.loads(FILES["blocks/chat/block.json"])
    assert block["name"] == f"{SLUG}/chat"
    assert block["textdomain"] == SLUG


@pytest.mark.parametrize("name", sorted(packed("self_updating")))
def test_php_7_4_reads_it(name: str) -> None:
    """A look for syntax and functions of PHP 8; the machine has one PHP only."""
    if name.endswith(".php"):
        text = re.sub(r"/\*.*?\*/", "", packed("self_updating")[name], flags=re.DOTALL)
        assert not NEEDS_PHP_8.search(text)
