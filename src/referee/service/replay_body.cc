#include "referee/service/replay_body.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "base/json_writer.h"
#include "base/try.h"
#include "referee/service/verdict_record.h"

namespace gk::referee {
namespace {

constexpr std::size_t kMaxPoints = 2'000;  // Source: chosen; of one path, then every n-th.
constexpr std::size_t kMaxErrors = 20;     // Source: chosen.

struct Point {
  double at_ms = 0;
  Vec3 position, set_back;
  bool accepted = true;
};

/// Refused points stay; of the accepted ones every n-th, so that at most kMaxPoints are left.
void write_path(JsonWriter& json, const std::string& id, const std::vector<Point>& path) {
  const std::size_t step = path.size() / kMaxPoints + 1;
  std::size_t refused = 0;
  json.begin_object().field("id", id).key("path").begin_array();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Point& point = path[i];
    if (point.accepted && i % step != 0 && i + 1 != path.size()) continue;
    if (!point.accepted && ++refused > kMaxPoints) continue;
    json.begin_object()
        .field("at_ms", point.at_ms)
        .field("x", static_cast<double>(point.position.x))
        .field("y", static_cast<double>(point.position.y))
        .field("z", static_cast<double>(point.position.z))
        .field("accepted", point.accepted)
        .key("set_back_to");
    point.accepted ? void(json.null()) : write_vector(json, point.set_back);
    json.end_object();
  }
  json.end_array().end_object();
}

/// The lines of `text` as a JSON array.
void write_lines(JsonWriter& json, const std::string& text, bool events) {
  json.begin_array();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_event = line.starts_with("{\"event\"");
    if (is_event == events) json.raw(line);
  }
  json.end_array();
}

}  // namespace

Result<std::string> replay_body(const std::string& trace, ReplayOptions options) {
  std::map<std::string, std::vector<Point>> paths;
  options.keep_going = true;
  options.name = "trace";
  options.max_sessions = 4096;
  options.judged = [&](const std::string& id, const TraceEvent& event, const Verdict& verdict) {
    const bool refused = verdict.outcome == MoveOutcome::rejected;
    if (!refused && verdict.outcome != MoveOutcome::accepted) return;
    paths[id].push_back({event[Num::r],
                         {static_cast<float>(event[Num::x]), static_cast<float>(event[Num::y]),
                          static_cast<float>(event[Num::z])},
                         verdict.set_back,
                         !refused});
  };
  std::istringstream in(trace);
  std::ostringstream out;
  std::ostringstream complaints;
  GK_TRY(const ReplayStats stats, replay(in, out, complaints, options));
  if (stats.lines > 0 && stats.errors == stats.lines) {
    const std::string first = complaints.str().substr(0, 300);
    return Error{Errc::invalid_argument, "no line of the trace can be read: " + first};
  }
  std::string answer;
  JsonWriter json(answer);
  const bool is_unsafe =
      options.mode == ReplayMode::smart_ts || options.mode == ReplayMode::smart_cs;
  json.begin_object().field("unsafe", is_unsafe).key("sessions");
  write_lines(json, out.str(), false);
  json.key("events");
  write_lines(json, out.str(), true);
  json.key("paths").begin_array();
  for (const auto& [id, path] : paths) write_path(json, id, path);
  json.end_array().field("error_count", stats.errors).key("errors").begin_array();
  std::istringstream lines(complaints.str());
  std::size_t shown = 0;
  for (std::string line; shown < kMaxErrors && std::getline(lines, line); ++shown) json.value(line);
  json.end_array().end_object();
  return answer;
}

}  // namespace gk::referee
