import os

from vidcolor_utils.system.machine import Machine, machine


def test_this_machine_has_a_name_and_cores():
    here = machine()
    assert here.processor and here.system
    assert 1 <= here.cores <= os.cpu_count()


def test_as_text_it_is_one_line_whatever_the_processor_is_called():
    assert str(Machine("AMD EPYC 7B13, 64-Core", 2, "Linux")) == "AMD EPYC 7B13, 64-Core, 2 cores, Linux"
