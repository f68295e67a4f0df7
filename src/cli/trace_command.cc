// trace_command.cc: prints the arbiter's trace; replays it, and proves the rules on it.

#include <array>
#include <map>
#include <ostream>

#include "arbiter/rules/trace_check.h"
#include "arbiter/rules/trace_replay.h"
#include "base/try.h"
#include "cli/commands.h"

namespace gk::cli {
namespace {

using arbiter::TraceEvent;
using arbiter::TraceRecord;

constexpr std::size_t kNumbers = 13;  // Source: docs/arbiter.md, GET /api/lock-trace
constexpr JsonLimits kLimits{
    .max_depth = 4, .max_bytes = 256U << 20, .max_values = 32'000'000};  // Source: 2^20 records

/// A trace with its names.
struct Trace {
  std::vector<TraceRecord> records;
  std::map<std::uint64_t, std::string> lanes, actors;
  ArbiterOptions options;
};

std::map<std::uint64_t, std::string> names_of(const JsonValue& body, std::string_view key) {
  std::map<std::uint64_t, std::string> out;
  const JsonValue* items = body.find(key);
  if (items == nullptr || !items->is_array()) return out;
  for (const JsonValue& item : items->as_array()) {
    out[static_cast<std::uint64_t>(number_of(item, "id").value_or(0))] = text_of(item, "name");
  }
  return out;
}

Result<TraceRecord> record_of(const JsonValue& row) {
  const bool fits = row.is_array() && row.as_array().size() == kNumbers;
  std::array<std::int64_t, kNumbers> n{};
  for (std::size_t i = 0; fits && i < kNumbers; ++i) {
    const JsonValue& number = row.as_array()[i];
    if (!number.is_int()) return Error{Errc::data_loss, "a trace record is not of whole numbers"};
    n[i] = number.as_int();
  }
  if (!fits) return Error{Errc::data_loss, "a trace record is not of 13 numbers"};
  TraceRecord r;
  r.ticket = static_cast<std::uint64_t>(n[0]);
  r.token = static_cast<std::uint64_t>(n[1]);
  r.time = MonoTime(Nanos(n[2]));
  r.value = n[3];
  r.until = n[4];
  r.lane = static_cast<std::uint32_t>(n[5]);
  r.parent_lane = static_cast<std::uint32_t>(n[6]);
  r.eff = static_cast<std::uint32_t>(n[7]);
  r.depth = static_cast<std::uint32_t>(n[8]);
  r.actor = static_cast<std::uint16_t>(n[9]);
  r.flags = static_cast<std::uint16_t>(n[10]);
  r.event = static_cast<TraceEvent>(n[11]);
  r.reason = static_cast<Reason>(n[12]);
  return r;
}

std::uint32_t bound(const JsonValue& options, std::string_view key, std::uint32_t otherwise) {
  return static_cast<std::uint32_t>(number_of(options, key).value_or(otherwise));
}

Result<Trace> fetch(Context& context) {
  GK_TRY(const net::Response response,
         context.raw({.path_and_query = "/api/v1/lock-trace", .headers = {}, .body = {}}));
  GK_TRY(const JsonValue body, parse_json(response.body, kLimits));
  if (response.status != 200) return Error{Errc::unavailable, text_of(body, "detail")};
  Trace trace;
  trace.lanes = names_of(body, "lanes");
  trace.actors = names_of(body, "actors");
  if (const JsonValue* records = body.find("records"); records != nullptr && records->is_array()) {
    for (const JsonValue& row : records->as_array()) {
      GK_TRY(auto record, record_of(row));
      trace.records.push_back(record);
    }
  }
  if (const JsonValue* options = body.find("options"); options != nullptr) {
    ArbiterOptions& out = trace.options;
    out.max_lanes = bound(*options, "max_lanes", out.max_lanes);
    out.max_actors = bound(*options, "max_actors", out.max_actors);
    out.max_tickets = bound(*options, "max_tickets", out.max_tickets);
    out.max_shares = bound(*options, "max_shares", out.max_shares);
    out.trace_records = bound(*options, "trace_records", out.trace_records);
  }
  if (!trace.records.empty() && trace.records[0].event == TraceEvent::config) {
    const TraceRecord& config = trace.records[0];
    trace.options.aging_step = Nanos(config.value);
    trace.options.wait_timeout = Nanos(config.until);
    trace.options.same_group_burst = config.depth;
    trace.options.max_waiting = static_cast<std::uint32_t>(config.token);
    trace.options.grouping = config.eff == 0 ? Grouping::by_actor : Grouping::off;
  }
  return trace;
}

std::string seconds(Nanos time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", std::chrono::duration<double>(time).count());
  return text;
}

int print(Context& context, const Trace& trace, const std::string& lane) {
  std::vector<std::vector<std::string>> rows;
  const MonoTime begin = trace.records.empty() ? MonoTime() : trace.records[0].time;
  for (const TraceRecord& r : trace.records) {
    const auto known = trace.lanes.find(r.lane);
    if (known == trace.lanes.end() || known->second != lane) continue;
    const auto actor = trace.actors.find(r.actor);
    const bool waited = r.event == TraceEvent::granted || r.event == TraceEvent::timed_out ||
                        r.event == TraceEvent::cancelled;
    rows.push_back({seconds(r.time - begin), std::string(trace_event_name(r.event)),
                    actor == trace.actors.end() ? "-" : actor->second, std::to_string(r.ticket),
                    std::to_string(r.token), std::to_string(r.eff),
                    waited ? seconds(Nanos(r.value)) : "-", std::to_string(r.depth),
                    r.reason == Reason::none ? "-" : std::string(reason_name(r.reason))});
  }
  print_table(context.out(),
              {"AT", "EVENT", "ACTOR", "TICKET", "TOKEN", "PRIORITY", "WAITED", "DEPTH", "REASON"},
              rows);
  return 0;
}

/// Exit code 0: the rules were kept; 1: they were not.
int prove(Context& context, const Trace& trace) {
  if (trace.records.empty() || trace.records[0].event != TraceEvent::config) {
    return context.fail(
        {Errc::failed_precondition,
         "the beginning of the trace was overwritten: a replay needs it from the daemon's start"});
  }
  const auto report = arbiter::check_trace(trace.records, {.lateness = Seconds(1)});
  if (!report) return context.fail(report.error());
  const auto replay = arbiter::replay(trace.records, trace.options);
  if (!replay) return context.fail(replay.error());
  for (const std::string& breach : report->breaches) context.err() << breach << "\n";
  if (!replay->same) {
    context.err() << "record " << replay->difference << ": " << replay->explanation << "\n";
  }
  context.out() << replay->records << " records, " << report->grants << " grants, "
                << report->breaches.size() << " breaches; the replay "
                << (replay->same ? "gives the same records" : "differs") << "\n";
  return report->breaches.empty() && replay->same ? 0 : 1;
}

int trace(Context& context, const std::string& lane, bool replay) {
  if (context.options().json && !replay) {
    const auto answer = context.get("/locks/" + lane + "/trace?limit=1000");
    if (!answer) return context.fail(answer.error());
    context.printed_json(*answer);
    return 0;
  }
  const auto fetched = fetch(context);
  if (!fetched) return context.fail(fetched.error());
  bool known = false;
  for (const auto& [id, name] : fetched->lanes) known = known || name == lane;
  if (!known) return context.fail({Errc::not_found, "there is no lane \"" + lane + "\""});
  return replay ? prove(context, *fetched) : print(context, *fetched, lane);
}

}  // namespace

void add_trace_command(CommandLine app, Action& action) {
  struct Options {
    std::string lane;
    bool replay = false;
  };
  auto options = std::make_shared<Options>();  // shared: the parser and the action use it
  auto command = app.add_subcommand("trace", "What happened on a lane");
  command.add_option("lane", options->lane, "Name of the lane, e.g. character").required();
  command.add_flag("--replay", options->replay,
                   "Replay the whole trace and check the rules on it (all lanes)");
  command.callback([&action, options] {
    action = [options](Context& context) { return trace(context, options->lane, options->replay); };
  });
}

}  // namespace gk::cli
