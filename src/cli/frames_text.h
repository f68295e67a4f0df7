// frames_text.h: who draws how fast, as a table: the subjects of GET /api/macro-safety/performance.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/json.h"

namespace gk::cli {

inline constexpr std::size_t kAllSubjects = static_cast<std::size_t>(-1);

/// Rows of subject, who says so, rate, frame time, score and issues; those with issues first, else
/// in the order of the answer. An unknown rate is the word with its reason;
/// the machine itself is left out when it has neither a rate nor an issue.
std::vector<std::vector<std::string>> frame_rows(const JsonValue& performance);

/// Prints the table after an empty line; nothing when nobody tells of frames. Of more than `most`
/// subjects the rest is a count.
void print_frames(std::ostream& out, const JsonValue& performance, std::size_t most = kAllSubjects);

}  // namespace gk::cli
