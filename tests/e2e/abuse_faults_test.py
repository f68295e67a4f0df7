"""The negative controls of storage_test.py and clock_test.py: with a bug planted, each must fail."""
import pathlib
import shutil
import tempfile
import unittest

import clock_test
import gk
import storage_test
from abuse_planted import outcome, weakened

# Whatever is wrong with the files, it begins anew; ended after a while, as the tests wait for that.
BEGINS_ANEW = """#!/bin/sh
mkdir -p "$2.aside" && mv "$2"/* "$2.aside"
timeout 1 {real} "$@"
"""


class PlantedBugs(unittest.TestCase):
    def notices(self, case, method, module, environment=None, sign="", **replaced):
        result = outcome(case, method, module, environment, **replaced)
        self.assertEqual(result.skipped, [])
        wrong = result.failures + result.errors
        self.assertEqual(len(wrong), 1, f"{method} does not notice the bug")
        self.assertIn(sign, wrong[0][1])
        print(f"{method}: {wrong[0][1].strip().splitlines()[-1][:120]}")

    @unittest.skipUnless(storage_test.mounts_allowed(), "mounts a file system")
    def test_writes_that_fail_unseen(self):
        self.notices(storage_test.Disk, "test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room",
                     storage_test, weakened("believe-the-disk"))

    @unittest.skipUnless(storage_test.mounts_allowed() and shutil.which("losetup"), "mounts a file system")
    def test_a_read_only_disk_that_is_believed(self):
        self.notices(storage_test.Disk, "test_a_disk_that_turned_read_only_refuses_writes_and_nothing_else",
                     storage_test, weakened("believe-the-disk"))

    def test_running_out_of_descriptors_as_an_end(self):
        self.notices(storage_test.Descriptors, "test_64_file_descriptors_are_enough_to_serve_and_to_say_no",
                     storage_test, weakened("die-without-descriptors"))

    def test_a_daemon_that_begins_anew_whatever_it_finds(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-"))
        self.addCleanup(shutil.rmtree, folder, True)
        (folder / "gamekeeperd").write_text(BEGINS_ANEW.format(real=gk.BIN / "gamekeeperd"))
        (folder / "gamekeeperd").chmod(0o755)
        for method in ("test_a_damaged_state_db_ends_the_start_and_is_not_touched",
                       "test_a_file_that_is_no_database_ends_the_start",
                       "test_a_lost_state_db_is_not_a_first_start",
                       "test_a_newer_database_is_refused_and_not_touched",
                       "test_an_edited_migration_is_refused"):
            with self.subTest(method=method):
                self.notices(storage_test.Files, method, storage_test, BIN=folder, sign="!=")

    @unittest.skipUnless(clock_test.LIBRARY, "needs libfaketime (package faketime)")
    def test_leases_by_the_civil_clock(self):
        bug = weakened("one-clock")
        bug["LD_PRELOAD"] += f" {clock_test.LIBRARY}"
        self.notices(clock_test.Jumps, "test_ten_years_ahead", clock_test, bug, sign="of the old time")


if __name__ == "__main__":
    unittest.main()
