// code_pages.h: gives back the pages of code that only the start of the program needed.
//
// Rooms, schemas and migrations run once and stay mapped: a third of an idle daemon's resident
// memory. The pages are the files' own and unchanged, so what is needed again comes back from the
// page cache by minor faults, some 16 pages at a time. Figures: docs/performance.md, "idle RSS".

#pragma once

namespace gk::sys {

/// Unmaps the pages of executable code of the program and of every library, until their next use.
/// Thread: safe.     Cost: a third of a millisecond, and as much again in faults afterwards.
void drop_code_pages();

}  // namespace gk::sys
