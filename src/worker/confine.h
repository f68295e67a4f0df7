// confine.h: takes away, step by step, what a macro must not have. Each function returns the name
// of the stage that failed (errno says why), or a null pointer.

#pragma once

#include "worker/options.h"

namespace gk::worker {

/// Whether /proc shows only the macro's own processes.
enum class ProcView : std::uint8_t {
  fresh,      ///< A new one of the macro's PID namespace.
  inherited,  ///< The system refused (nested container): other pids are visible, but not theirs.
};

/// In the supervisor, before the program exists: private mounts, a fresh /proc, covers over the
/// hidden paths, no further user namespaces.
const char* confine_mounts(const Options& options, ProcView& proc_view);

/// In the program's own process, before exec: its own session, its own user again inside one more
/// user namespace (which locks the covers), no capabilities, limits, working directory.
const char* confine_program(const Options& options);

/// Gives up all capabilities for good, also those that exec would give to uid 0.
const char* drop_capabilities();

}  // namespace gk::worker
