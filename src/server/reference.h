// reference.h: reference data that documents are generated from: docs/openapi.json,
// docs/errors.md, docs/configuration.md, docs/metrics.md. A test compares file and program.

#pragma once

#include <iosfwd>
#include <string_view>

namespace gk::server {

/// Prints "openapi", "asyncapi", "errors", "config", "metrics", "config-man" or
/// "config-example". Returns the exit code.
int print_reference(std::string_view what, std::ostream& out);

}  // namespace gk::server
