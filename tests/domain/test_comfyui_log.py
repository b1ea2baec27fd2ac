"""Which custom nodes were imported, from ComfyUI's own log."""

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.comfyui_log import node_imports

LOG = """Checkpoint files will always be loaded safely.
Device: cpu
Traceback (most recent call last):
  File "/opt/ComfyUI/nodes.py", line 2131, in load_custom_node
    module_spec.loader.exec_module(module)
  File "/opt/ComfyUI/custom_nodes/face-tools/__init__.py", line 1, in <module>
    import insightface
ModuleNotFoundError: No module named 'insightface'

Cannot import /opt/ComfyUI/custom_nodes/face-tools module for custom nodes: No module named 'insightface'
Skip /opt/ComfyUI/custom_nodes/notes module for custom nodes due to the lack of NODE_CLASS_MAPPINGS.
comfy_entrypoint in /opt/ComfyUI/custom_nodes/newer did not return a ComfyExtension, skipping.
Traceback (most recent call last):
  File "/opt/ComfyUI/custom_nodes/bare/__init__.py", line 3, in <module>
    raise KeyError
KeyError

Cannot import /opt/ComfyUI/custom_nodes/bare module for custom nodes:

Import times for custom nodes:
   0.0 seconds: /opt/ComfyUI/custom_nodes/websocket_image_save.py
   0.0 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/notes
   0.0 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/newer
   0.1 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/bare
   1.4 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/face-tools
  12.5 seconds: /opt/ComfyUI/custom_nodes/big pack

Starting server
"""


def test_each_node_has_its_state_its_time_and_its_reason():
    found = node_imports(LOG)
    assert {name: (n.failed, n.seconds) for name, n in found.items()} == {
        "websocket_image_save.py": (False, 0.0),
        "notes": (True, 0.0),
        "newer": (True, 0.0),
        "bare": (True, 0.1),
        "face-tools": (True, 1.4),
        "big pack": (False, 12.5),
    }
    assert found["face-tools"].reason == "ModuleNotFoundError: No module named 'insightface'"
    assert found["notes"].reason.startswith("skipped due to the lack of NODE_CLASS_MAPPINGS")
    assert found["newer"].reason == "comfy_entrypoint did not return a ComfyExtension"
    assert found["bare"].reason == "KeyError"
    assert found["big pack"].reason == ""


def test_the_newest_start_counts():
    """A log that goes on over a restart: what failed before and works now is no failure."""
    later = """Import times for custom nodes:
   0.2 seconds: /opt/ComfyUI/custom_nodes/face-tools

"""
    assert list(node_imports(LOG + later)) == ["face-tools"]
    assert not node_imports(LOG + later)["face-tools"].failed
    again = later.replace("seconds:", "seconds (IMPORT FAILED):")
    assert node_imports(LOG + again)["face-tools"].reason == "", "the reason was another start's"


def test_windows_paths_and_time_stamps():
    log = (
        "2026-11-23T00:21:31.1 - \nImport times for custom nodes:\n"
        "2026-11-23T00:21:31.2 -    0.3 seconds (IMPORT FAILED): C:\\ComfyUI\\custom_nodes\\a-node\n"
        "2026-11-23T00:21:31.3 - \n"
    )
    assert node_imports(log)["a-node"].failed


def test_a_log_without_the_list_tells_nothing():
    assert node_imports("") == {}
    assert node_imports("Device: cpu\nStarting server\n") == {}


@given(st.text())
def test_no_text_can_break_the_reading(text):
    node_imports("Import times for custom nodes:\n" + text)
