#include "cli/frames_text.h"

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <utility>

#include "cli/context.h"

namespace gk::cli {
namespace {

/// "59.9", "59.9 (stale)" or "unknown (reason)".
std::string value_text(const JsonValue& subject, std::string_view name) {
  const JsonValue* signal = subject.find(name);
  if (signal == nullptr) return "unknown";
  const std::string state = text_of(*signal, "state");
  if (state == "unknown") return "unknown (" + text_of(*signal, "reason") + ")";
  return text_of(*signal, "value") + (state == "stale" ? " (stale)" : "");
}

/// As value_text, but why a rate is unknown is said once.
std::string score_text(const JsonValue& subject) {
  const JsonValue* fps = subject.find("fps");
  const bool unknown = fps != nullptr && text_of(*fps, "state") == "unknown";
  return unknown ? "unknown" : value_text(subject, "score");
}

std::string said_text(const std::string& source) {
  if (source == "claim") return "claimed";
  return source == "server" ? "measured" : source;
}

int rank_of(const std::string& severity) {
  if (severity == "high") return 2;
  return severity == "medium" ? 1 : 0;
}

/// What the issues of one kind have in common.
struct Kind {
  int count = 0;
  std::string worst;
};

/// "stutter x3 (high), memory_pressure (low, measured)"; "-" when there is none. Who says so is
/// named where it is not who tells of the frames.
std::string issues_text(const JsonValue& subject) {
  const std::string source = text_of(subject, "source");
  std::map<std::pair<std::string, std::string>, Kind> kinds;
  const auto& issues = list_of(subject, "issues");
  for (const JsonValue& issue : issues) {
    Kind& kind = kinds[{text_of(issue, "kind"), text_of(issue, "source")}];
    const std::string severity = text_of(issue, "severity");
    if (kind.count == 0 || rank_of(severity) > rank_of(kind.worst)) kind.worst = severity;
    ++kind.count;
  }
  std::string out;
  for (const auto& [key, kind] : kinds) {
    if (!out.empty()) out += ", ";
    out +=
        key.first + (kind.count > 1 ? " x" + std::to_string(kind.count) : "") + " (" + kind.worst;
    out += (key.second == source ? "" : ", " + said_text(key.second)) + ")";
  }
  const double older =
      number_of(subject, "issues_total").value_or(0) - static_cast<double>(issues.size());
  if (older >= 1) out += ", " + std::to_string(static_cast<long>(older)) + " older";
  return out.empty() ? "-" : out;
}

/// The daemon always lists its machine, for its memory: without a rate or an issue it tells
/// nothing.
bool tells_frames(const JsonValue& subject) {
  const JsonValue* fps = subject.find("fps");
  return !text_of(subject, "subject").empty() ||
         (fps != nullptr && text_of(*fps, "state") != "unknown") ||
         number_of(subject, "issues_total").value_or(0) > 0;
}

}  // namespace

std::vector<std::vector<std::string>> frame_rows(const JsonValue& performance) {
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& subject : list_of(performance, "subjects")) {
    if (!tells_frames(subject)) continue;
    const std::string name = text_of(subject, "subject");
    const auto frame_ms = number_of(subject, "frame_ms");
    rows.push_back({name.empty() ? "(the machine)" : name, said_text(text_of(subject, "source")),
                    value_text(subject, "fps"),
                    frame_ms ? text_of(subject, "frame_ms") + " ms" : "unknown",
                    score_text(subject), issues_text(subject)});
  }
  std::stable_partition(rows.begin(), rows.end(),
                        [](const auto& row) { return row.back() != "-"; });
  return rows;
}

void print_frames(std::ostream& out, const JsonValue& performance, std::size_t most) {
  auto rows = frame_rows(performance);
  if (rows.empty()) return;
  const std::size_t left_out = rows.size() - std::min(rows.size(), most);
  rows.resize(rows.size() - left_out);
  out << "\n";
  print_table(out, {"FRAMES OF", "SAID", "FPS", "FRAME", "SCORE", "ISSUES OF 5 S"}, rows);
  if (left_out > 0) out << "and " << left_out << " more: gamekeeper status\n";
}

}  // namespace gk::cli
