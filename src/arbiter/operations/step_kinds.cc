#include "arbiter/operations/step_kinds.h"

#include <algorithm>

#include "arbiter/operations/operation_store.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "sys/file_below.h"

namespace gk::arbiter {
namespace {

constexpr char kThere = 'p', kAbsent = 'a';   // What the undo data says of the state before.
constexpr double kMaxWaitSeconds = 60;        // Source: chosen; longer waits are tasks of a graph
constexpr std::size_t kMaxValue = 16U << 10;  // Source: chosen

/// "resource NUL p content", or "resource NUL a".
std::string pack(const std::string& resource, const std::optional<std::string>& before) {
  std::string out = resource;
  out += '\0';
  out += before ? kThere : kAbsent;
  if (before) out += *before;
  return out;
}

struct Packed {
  std::string name;  // Of the file or setting, without "file:" or "setting:".
  std::optional<std::string> before;
};

Result<Packed> unpack(std::string_view data) {
  const std::size_t colon = data.find(':'), end = data.find('\0');
  if (colon == std::string_view::npos || end == std::string_view::npos || colon > end ||
      end + 1 >= data.size()) {
    return Error{Errc::data_loss, "the undo data of a step are damaged"};
  }
  Packed out;
  out.name = data.substr(colon + 1, end - colon - 1);
  if (data[end + 1] == kThere) out.before = std::string(data.substr(end + 2));
  return out;
}

/// One way to write a path only, so that a path names one resource.
bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > 256 || path.ends_with(".gk-tmp")) return false;
  bool starts = true;
  for (const char c : path) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
    if (starts ? !word : !(word || c == '.' || c == '/')) return false;
    starts = c == '/';
  }
  return !starts;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

/// The text of `key` in a checked input.
const std::string& text_in(const JsonValue& input, std::string_view key) {
  return input.find(key)->as_string();
}

Result<std::string> file_resource(const JsonValue& input, bool with_content) {
  JsonReader reader(input, "");
  std::string path, content;
  reader.require("path");
  reader.string("path", path, 256);
  if (with_content) {
    reader.require("content");
    reader.string("content", content, kMaxStepFile);
  }
  reader.refuse_unknown();
  GK_CHECK_OK(reader.result());
  if (!is_plain_path(path)) {
    return Error{Errc::invalid_argument,
                 "path: expected names of A-Z, a-z, 0-9, _, - and . (not first) with / between"};
  }
  return "file:" + path;
}

Result<std::string> setting_resource(const JsonValue& input, bool with_value) {
  JsonReader reader(input, "");
  std::string key;
  reader.require("key");
  reader.string("key", key, 128);
  const JsonValue* value = with_value ? reader.member("value") : nullptr;
  reader.refuse_unknown();
  GK_CHECK_OK(reader.result());
  if (!is_key(key)) return Error{Errc::invalid_argument, "key: expected a-z, 0-9, _, - and ."};
  if (with_value && value == nullptr) {
    return Error{Errc::invalid_argument, "value: expected any JSON value"};
  }
  if (value != nullptr && to_json(*value).size() > kMaxValue) {
    return Error{Errc::invalid_argument, "value: longer than 16 KiB"};
  }
  return "setting:" + key;
}

using Dir = std::shared_ptr<const sys::ConfinedDir>;  // Shared by the kinds' functions.

Result<std::string> file_undo_data(const Dir& dir, const JsonValue& input) {
  const std::string& path = text_in(input, "path");
  const auto before = dir->read_file(path, kMaxStepFile);
  if (!before && before.error().code != Errc::not_found) return before.error();
  return pack("file:" + path, before ? std::optional(*before) : std::nullopt);
}

Result<void> undo_file(const Dir& dir, std::string_view data) {
  GK_TRY(const Packed packed, unpack(data));
  if (packed.before) return dir->replace_file(packed.name, *packed.before);
  auto removed = dir->remove_file(packed.name);
  if (!removed && removed.error().code == Errc::not_found) return {};  // not even its directory
  return removed;
}

void add_files(StepKinds& kinds, const Dir& dir) {
  const auto undo_data = [dir](const JsonValue& input) { return file_undo_data(dir, input); };
  const auto undo = [dir](std::string_view data) { return undo_file(dir, data); };
  kinds.add({"file.write", true, [](const JsonValue& input) { return file_resource(input, true); },
             undo_data,
             [dir](const JsonValue& input, StopFlag&) {
               return dir->replace_file(text_in(input, "path"), text_in(input, "content"));
             },
             undo});
  kinds.add({"file.remove", true,
             [](const JsonValue& input) { return file_resource(input, false); }, undo_data,
             [dir](const JsonValue& input, StopFlag&) {
               return dir->remove_file(text_in(input, "path"));
             },
             undo});
}

void add_settings(StepKinds& kinds, store::Writer& writer, const Clock& clock) {
  const auto undo_data = [&writer](const JsonValue& input) -> Result<std::string> {
    const std::string& key = text_in(input, "key");
    GK_TRY(const auto before, load_setting(writer, key));
    return pack("setting:" + key, before);
  };
  const auto undo = [&writer, &clock](std::string_view data) -> Result<void> {
    GK_TRY(const Packed packed, unpack(data));
    if (!packed.before) return remove_setting(writer, packed.name);
    return save_setting(writer, packed.name, *packed.before, clock.wall());
  };
  kinds.add({"setting.set", false,
             [](const JsonValue& input) { return setting_resource(input, true); }, undo_data,
             [&writer, &clock](const JsonValue& input, StopFlag&) {
               return save_setting(writer, text_in(input, "key"), to_json(*input.find("value")),
                                   clock.wall());
             },
             undo});
  kinds.add({"setting.remove", false,
             [](const JsonValue& input) { return setting_resource(input, false); }, undo_data,
             [&writer](const JsonValue& input, StopFlag&) {
               return remove_setting(writer, text_in(input, "key"));
             },
             undo});
}

void add_wait(StepKinds& kinds) {
  const auto seconds_of = [](const JsonValue& input) -> Result<double> {
    JsonReader reader(input, "");
    double seconds = -1;
    reader.require("seconds");
    reader.number("seconds", seconds, 0, kMaxWaitSeconds);
    reader.refuse_unknown();
    GK_CHECK_OK(reader.result());
    return seconds;
  };
  kinds.add({"wait", false,
             [seconds_of](const JsonValue& input) -> Result<std::string> {
               GK_TRY(const double seconds, seconds_of(input));
               (void)seconds;
               return std::string();
             },
             [](const JsonValue&) -> Result<std::string> { return pack("wait:", {}); },
             [seconds_of](const JsonValue& input, StopFlag& stop) -> Result<void> {
               GK_TRY(const double seconds, seconds_of(input));
               return stop.wait(
                   std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(seconds)));
             },
             [](std::string_view) -> Result<void> { return {}; }});
}

}  // namespace

void StepKinds::add(StepKind kind) {
  const std::string name = kind.name;
  kinds_.insert_or_assign(name, std::move(kind));
}

const StepKind* StepKinds::find(std::string_view name) const {
  const auto found = kinds_.find(name);
  return found == kinds_.end() ? nullptr : &found->second;
}

std::vector<std::string> StepKinds::names() const {
  std::vector<std::string> out;
  for (const auto& [name, kind] : kinds_) out.push_back(name);
  return out;
}

UndoTable StepKinds::undo_table() const {
  UndoTable out;
  for (const auto& [name, kind] : kinds_) out[name] = kind.undo;
  return out;
}

Result<StepCall> make_step(const StepKinds& kinds, std::string_view kind, JsonValue input) {
  const StepKind* found = kinds.find(kind);
  if (found == nullptr) {
    std::string known;
    for (const auto& name : kinds.names()) known += (known.empty() ? "" : ", ") + name;
    return Error{Errc::invalid_argument, "unknown kind of step; expected one of " + known};
  }
  GK_TRY(std::string resource, found->resource(input));
  return StepCall{found, std::move(input), std::move(resource)};
}

std::string resource_of(const JournalStep& step) {
  return step.undo_data.substr(0, step.undo_data.find('\0'));
}

Result<TransactReport> run_transaction(Journal& journal, const UndoTable& undo,
                                       const std::vector<StepCall>& steps, StopFlag& stop) {
  std::vector<TransactStep> run;
  for (const StepCall& step : steps) {
    GK_TRY(std::string undo_data, step.kind->undo_data(step.input));
    run.push_back({{step.kind->name, std::move(undo_data)},
                   [&step, &stop] { return step.kind->run(step.input, stop); }});
  }
  return transact(journal, undo, run, [&stop] { return stop.check(); });
}

Result<StepKinds> builtin_steps(const std::string& directory, store::Writer& writer,
                                const Clock& clock) {
  GK_TRY(auto dir, sys::ConfinedDir::open(directory));
  StepKinds kinds;
  add_files(kinds, std::make_shared<const sys::ConfinedDir>(std::move(dir)));
  add_settings(kinds, writer, clock);
  add_wait(kinds);
  return kinds;
}

}  // namespace gk::arbiter
