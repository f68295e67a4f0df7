#include "referee/rules/smart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/json.h"

namespace gk::referee {
namespace {

#ifndef GK_SOURCE_DIR
#define GK_SOURCE_DIR "."
#endif

std::vector<JsonValue> vectors(const char* name) {
  std::ifstream file(std::string(GK_SOURCE_DIR) + "/../shared/data/referee/" + name);
  std::vector<JsonValue> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(parse_json(line).value());
  return rows;
}

double num(const JsonValue& v, const char* key) { return v.find(key)->as_number(); }

IssueType type_of(const std::string& name) {
  return name == "stutter"   ? IssueType::stutter
         : name == "low_fps" ? IssueType::low_fps
                             : IssueType::memory_pressure;
}

SmartContext context_of(const JsonValue& row) {
  const JsonValue& ctx = *row.find("ctx");
  SmartContext context{num(ctx, "fps"), num(ctx, "score"), static_cast<int>(num(ctx, "mem")), {}};
  for (const JsonValue& issue : ctx.find("iss")->as_array()) {
    const auto& f = issue.as_array();
    const std::string& severity = f[1].as_string();
    context.issues.push_back({type_of(f[0].as_string()),
                              severity == "high"     ? 3
                              : severity == "medium" ? 2
                                                     : 1,
                              f[2].as_number(), f.size() > 3 ? f[3].as_number() : 0});
  }
  return context;
}

SmartOptions options_of(const JsonValue& row, SmartOptions options) {
  const JsonValue* opt = row.find("opt");
  if (!opt) return options;
  const auto set = [&](const char* key, double& out) {
    if (const JsonValue* v = opt->find(key)) out = v->as_number();
  };
  set("baseSpeedTolerance", options.speed_tolerance);
  set("baseProximityTolerance", options.proximity_tolerance);
  set("confidenceThreshold", options.confidence_threshold);
  set("stutterToleranceMs", options.stutter_tolerance_ms);
  set("lowFPSThreshold", options.low_fps);
  if (const JsonValue* v = opt->find("performanceAdjustmentEnabled")) options.adjust = v->as_bool();
  return options;
}

/// Largest difference, or infinity when a flag or reason differs.
double difference(const JsonValue& row, const SmartResult& got, const SmartAdjustment& adj) {
  const JsonValue& res = *row.find("res");
  const std::string reason = res.find("reason")->is_null() ? "" : res.find("reason")->as_string();
  if (got.valid != res.find("v")->as_bool() || got.reason != reason ||
      got.adjusted != res.find("pa")->as_bool())
    return INFINITY;
  if (const JsonValue* det = res.find("det"); det && got.details != (det->as_number() != 0))
    return INFINITY;
  const auto& want = row.find("adj")->as_array();
  double worst = std::fabs(got.confidence - num(res, "conf"));
  worst = std::max(worst, std::fabs(adj.stutter_tolerance - want[0].as_number()));
  worst = std::max(worst, std::fabs(adj.speed - want[1].as_number()));
  worst = std::max(worst, std::fabs(adj.proximity - want[2].as_number()));
  return std::max(worst, std::fabs(adj.time_extension - want[3].as_number()));
}

TEST(SmartTs, ReproducesEveryPublishedVector) {
  const auto rows = vectors("smart_ts.jsonl");
  if (rows.empty()) GTEST_SKIP() << "no vectors beside the source";
  int wrong = 0;
  for (const JsonValue& row : rows) {
    const SmartContext context = context_of(row);
    const SmartOptions options = options_of(row, SmartOptions::typescript());
    std::vector<SmartMove> moves;
    for (const JsonValue& m : row.find("mv")->as_array())
      moves.push_back({m.as_array()[0].as_number(), m.as_array()[1].as_number()});
    const double now = num(row, "now");
    const double d =
        std::max(difference(row, smart_ts_validate(moves, context, options, now),
                            smart_ts_adjustment(context, options)),
                 std::fabs(smart_ts_confidence(context, options, now) - num(row, "conf0")));
    if (!(d <= 1e-12) && ++wrong <= 5) ADD_FAILURE() << "vector " << num(row, "i") << ": " << d;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(rows.size(), 1000U);
}

TEST(SmartCs, ReproducesEveryPublishedVector) {
  const auto rows = vectors("smart_cs.jsonl");
  if (rows.empty()) GTEST_SKIP() << "no vectors beside the source";
  int wrong = 0;
  for (const JsonValue& row : rows) {
    const SmartContext context = context_of(row);
    SmartRun run{num(row, "dur"), num(row, "w"), num(row, "h"), {}, {}, {}};
    for (const JsonValue& m : row.find("moves")->as_array())
      run.moves.push_back({m.as_array()[0].as_number(), m.as_array()[1].as_number()});
    for (const JsonValue& item : row.find("items")->as_array()) {
      const auto& f = item.as_array();
      run.items.push_back({f[0].as_number(), f[1].as_string(), f[2].as_number(), f[3].as_number()});
    }
    const JsonValue& base = *row.find("base");
    const bool same_base = smart_cs_base(run) == (base.is_null() ? "" : base.as_string());
    const auto options = SmartOptions::csharp();
    const double d = difference(row, smart_cs_validate(run, context, options),
                                smart_cs_adjustment(context, options));
    if ((!same_base || !(d <= 1e-12)) && ++wrong <= 5)
      ADD_FAILURE() << "vector " << num(row, "i") << ": " << d << " base " << smart_cs_base(run);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(rows.size(), 400U);
}

TEST(SmartContextBuilder, DropsOldIssuesButNeverFutureOnesAndMendsZeroes) {
  SmartContextBuilder builder;
  builder.add({IssueType::stutter, 1, 1000, 0}, 1000);
  builder.add({IssueType::memory_pressure, 1, 90'000, 0}, 6000);
  EXPECT_EQ(builder.build(0, 0, 6000).issues.size(), 2U);
  const SmartContext context = builder.build(0, 0, 6001);
  EXPECT_EQ(context.issues.size(), 1U);
  EXPECT_EQ(context.memory_events, 1);
  EXPECT_EQ(context.average_fps, 60);
  EXPECT_EQ(context.score, 100);
}

TEST(SmartScore, ExceedsHundredOnAFastMachineAsTheOriginalDoes) {
  EXPECT_EQ(smart_score(145, 6.9, 0.4), 102);
}

TEST(SmartSeverity, DiffersBetweenMonitorAndDetector) {
  EXPECT_EQ(smart_monitor_severity(IssueType::stutter, 300), 3);
  EXPECT_EQ(smart_detector_severity(IssueType::stutter, 300), 2);
}

}  // namespace
}  // namespace gk::referee
