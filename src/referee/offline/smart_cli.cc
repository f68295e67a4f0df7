#include "referee/offline/smart_cli.h"

#include <array>
#include <fstream>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "referee/rules/smart.h"

namespace gk::referee {
namespace {

constexpr const char* kUsage = "usage: smart --rules ts|cs FILE|-";

Error expected(const std::string& what) { return {Errc::invalid_argument, "expected " + what}; }

Result<double> number(const JsonValue& object, const char* key) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_number())
    return expected("a number \"" + std::string(key) + "\"");
  return value->as_number();
}

/// Element `index` of a row such as [type, severity, timestamp, duration].
Result<double> number_at(const JsonValue& row, std::size_t index) {
  if (!row.is_array() || index >= row.as_array().size() || !row.as_array()[index].is_number())
    return expected("a number in each row, at place " + std::to_string(index));
  return row.as_array()[index].as_number();
}

Result<std::string> text_at(const JsonValue& row, std::size_t index) {
  if (!row.is_array() || index >= row.as_array().size() || !row.as_array()[index].is_string())
    return expected("a string in each row, at place " + std::to_string(index));
  return row.as_array()[index].as_string();
}

Result<const JsonValue::Array*> rows(const JsonValue& object, const char* key) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_array())
    return expected("an array \"" + std::string(key) + "\"");
  return &value->as_array();
}

Result<SmartIssue> issue_of(const JsonValue& row) {
  GK_TRY(const std::string type, text_at(row, 0));
  GK_TRY(const std::string severity, text_at(row, 1));
  GK_TRY(const double timestamp, number_at(row, 2));
  SmartIssue issue;
  issue.timestamp = timestamp;
  if (row.as_array().size() > 3) {
    GK_TRY(issue.duration, number_at(row, 3));
  }
  if (type == "low_fps")
    issue.type = IssueType::low_fps;
  else if (type == "memory_pressure")
    issue.type = IssueType::memory_pressure;
  else if (type != "stutter")
    return expected("stutter, low_fps or memory_pressure, got " + type);
  issue.severity = severity == "high" ? 3 : severity == "medium" ? 2 : 1;
  return issue;
}

Result<SmartContext> context_of(const JsonValue& vector) {
  const JsonValue* ctx = vector.find("ctx");
  if (ctx == nullptr) return expected("an object \"ctx\"");
  SmartContext context;
  GK_TRY(context.average_fps, number(*ctx, "fps"));
  GK_TRY(context.score, number(*ctx, "score"));
  GK_TRY(const double events, number(*ctx, "mem"));
  context.memory_events = static_cast<int>(events);
  GK_TRY(const JsonValue::Array* const issues, rows(*ctx, "iss"));
  for (const JsonValue& row : *issues) {
    GK_TRY(const SmartIssue issue, issue_of(row));
    context.issues.push_back(issue);
  }
  return context;
}

SmartOptions options_of(const JsonValue& vector) {
  SmartOptions options = SmartOptions::typescript();
  const JsonValue* opt = vector.find("opt");
  if (opt == nullptr) return options;
  const auto set = [&](const char* key, double& out) {
    if (const JsonValue* v = opt->find(key); v != nullptr && v->is_number()) out = v->as_number();
  };
  set("baseSpeedTolerance", options.speed_tolerance);
  set("baseProximityTolerance", options.proximity_tolerance);
  set("confidenceThreshold", options.confidence_threshold);
  set("stutterToleranceMs", options.stutter_tolerance_ms);
  set("lowFPSThreshold", options.low_fps);
  const JsonValue* adjust = opt->find("performanceAdjustmentEnabled");
  if (adjust != nullptr && adjust->is_bool()) options.adjust = adjust->as_bool();
  return options;
}

void write_adjustment(JsonWriter& json, const SmartAdjustment& adj) {
  json.key("adj").begin_array();
  for (const double v : {adj.stutter_tolerance, adj.speed, adj.proximity, adj.time_extension})
    json.value(v);
  json.end_array();
}

void write_result(JsonWriter& json, const SmartResult& result, bool details) {
  json.key("res").begin_object().field("v", result.valid).key("reason");
  result.reason.empty() ? json.null() : json.value(result.reason);
  json.field("conf", result.confidence).field("pa", result.adjusted);
  if (details) json.field("det", result.details ? 1 : 0);
  json.end_object();
}

Result<void> judge_ts(const JsonValue& vector, JsonWriter& json) {
  GK_TRY(const SmartContext context, context_of(vector));
  GK_TRY(const double now, number(vector, "now"));
  GK_TRY(const JsonValue::Array* const list, rows(vector, "mv"));
  const SmartOptions options = options_of(vector);
  std::vector<SmartMove> moves;
  for (const JsonValue& row : *list) {
    GK_TRY(const double timestamp, number_at(row, 0));
    GK_TRY(const double deviation, number_at(row, 1));
    moves.push_back({timestamp, deviation});
  }
  write_adjustment(json, smart_ts_adjustment(context, options));
  json.field("conf0", smart_ts_confidence(context, options, now));
  write_result(json, smart_ts_validate(moves, context, options, now), true);
  return {};
}

Result<void> judge_cs(const JsonValue& vector, JsonWriter& json) {
  GK_TRY(const SmartContext context, context_of(vector));
  SmartRun run;
  GK_TRY(run.duration, number(vector, "dur"));
  GK_TRY(run.width, number(vector, "w"));
  GK_TRY(run.height, number(vector, "h"));
  GK_TRY(const JsonValue::Array* const moves, rows(vector, "moves"));
  for (const JsonValue& row : *moves) {
    GK_TRY(const double t, number_at(row, 0));
    GK_TRY(const double x, number_at(row, 1));
    run.moves.push_back({t, x});
  }
  GK_TRY(const JsonValue::Array* const items, rows(vector, "items"));
  for (const JsonValue& row : *items) {
    GK_TRY(const double t, number_at(row, 0));
    GK_TRY(const std::string id, text_at(row, 1));
    GK_TRY(const double x, number_at(row, 2));
    GK_TRY(const double y, number_at(row, 3));
    run.items.push_back({t, id, x, y});
  }
  const SmartOptions options = SmartOptions::csharp();
  const std::string base = smart_cs_base(run);
  json.key("base");
  base.empty() ? json.null() : json.value(base);
  write_adjustment(json, smart_cs_adjustment(context, options));
  write_result(json, smart_cs_validate(run, context, options), false);
  return {};
}

}  // namespace

Result<std::string> smart_line(std::string_view line, bool csharp) {
  GK_TRY(const JsonValue vector, parse_json(line));
  GK_TRY(const double index, number(vector, "i"));
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("i", index);
  GK_CHECK_OK(csharp ? judge_cs(vector, json) : judge_ts(vector, json));
  json.end_object();
  return out;
}

int smart_main(std::span<const std::string> arguments, std::istream& in, std::ostream& out,
               std::ostream& error) {
  std::string rules, name;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--rules" && i + 1 < arguments.size())
      rules = arguments[++i];
    else if (name.empty() && (arguments[i] == "-" || !arguments[i].starts_with("-")))
      name = arguments[i];
    else
      rules.clear(), i = arguments.size();
  }
  if (name.empty() || (rules != "ts" && rules != "cs")) {
    error << kUsage << '\n';
    return 2;
  }
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) {
      error << name << ": cannot be opened\n";
      return 1;
    }
  }
  std::istream& source = name == "-" ? in : file;
  std::uint64_t number = 0;
  int code = 0;
  for (std::string line; std::getline(source, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto judged = smart_line(line, rules == "cs");
    if (judged) {
      out << *judged << '\n';
      continue;
    }
    error << name << ':' << number << ": " << judged.error().message << '\n';
    code = 1;
  }
  return code;
}

}  // namespace gk::referee
