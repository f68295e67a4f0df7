-- Runs the claims about core.lua with fakes, then plays a scripted player through the whole mod
-- and real HTTP. Says "GK_PROBE OK" or "GK_PROBE FAILED: …" in the log and stops the server.

local core = dofile(minetest.get_modpath("gamekeeper_referee") .. "/core.lua")
local failures = {}

local function expect(condition, claim)
	if not condition then failures[#failures + 1] = claim end
end

-- A core with a scripted daemon: `posts` collects, answers come when the test calls `done`.
local function bench(enforce)
	local b = {posts = {}, backs = {}, warnings = 0, now = 1000}
	b.core = core.new({
		now_ms = function() return b.now end,
		warn = function() b.warnings = b.warnings + 1 end,
		set_back = function(name, pos) b.backs[#b.backs + 1] = {name = name, pos = pos} end,
		post = function(path, body, done)
			b.posts[#b.posts + 1] = {path = path, body = body, done = done}
		end,
	}, {max_speed = 4}, enforce ~= false)
	function b.last() return b.posts[#b.posts] end
	return b
end

-- `ann` has a seat: her first sample was answered.
local function seated(enforce)
	local b = bench(enforce)
	b.core:join("ann")
	b.core:flush()
	b.last().done({items = {}})
	b.core:sample("ann", {x = 0, y = 0, z = 0}, true, false)
	b.core:flush()
	b.last().done({items = {{player = "ann", seq = 1, valid = true}}})
	b.posts = {}
	return b
end

local claims = {}

function claims.first_sample_takes_the_seat_and_brings_the_limits()
	local b = bench()
	b.core:join("ann")
	b.core:sample("ann", {x = 1, y = 2, z = 3}, true, true)
	b.core:flush()
	expect(#b.posts == 1 and b.last().path == "/api/movement/declare", "an old seat is left first")
	expect(#b.last().body.items == 1 and b.last().body.items[1].type == "leave", "nothing else yet")
	b.core:flush()
	expect(#b.posts == 1, "one request at a time")
	b.last().done({items = {{player = "ann", applied = false, error = "no such player"}}})
	expect(#b.posts == 2 and b.last().path == "/api/movement/validate", "then the sample")
	local item = b.last().body.items[1]
	expect(item.seq == 1 and item.mode == "3d" and item.ground == true, "sample's fields")
	expect(b.last().body.session.max_speed == 4, "session's limits")
	b.last().done({items = {{player = "ann", seq = 1, valid = true}}})
	b.core:sample("ann", {x = 1, y = 2, z = 3}, true, true)
	b.core:flush()
	expect(b.last().body.items[1].type == "free" and b.last().body.items[1].on == true,
		"what was declared before the seat comes after it")
	b.last().done({items = {{player = "ann", applied = true}}})
	expect(b.last().body.session == nil, "limits only once: they would undo a vehicle's")
end

function claims.declarations_go_before_positions()
	local b = seated()
	b.core:sample("ann", {x = 500, y = 0, z = 0}, true, false)
	b.core:teleport("ann", {x = 500, y = 0, z = 0})
	b.core:flush()
	expect(b.posts[1].path == "/api/movement/declare", "declare first")
	b.last().done({items = {{player = "ann", applied = true}}})
	expect(b.posts[2].path == "/api/movement/validate", "then positions")
end

function claims.lost_seat_is_taken_again()
	local b = seated()
	b.core:limits("ann", {max_speed = 9})
	b.core:sample("ann", {x = 0, y = 0, z = 0}, true, false)
	b.core:flush()
	expect(b.last().body.items[1].session.max_speed == 9, "a vehicle's limits are a session's")
	b.last().done({items = {{player = "ann", applied = false, error = "no such player"}}})
	expect(b.last().body.session ~= nil, "the sample brings the limits again")
end

function claims.refusal_sets_back_once_and_only_to_the_newest_place()
	local b = seated()
	for i = 1, 3 do b.core:sample("ann", {x = i * 9, y = 0, z = 0}, nil, false) end
	b.core:flush()
	b.core:sample("ann", {x = 40, y = 0, z = 0}, nil, false)
	b.last().done({items = {
		{player = "ann", seq = 2, valid = false, set_back_to = {x = 1, y = 0, z = 0}},
		{player = "bob", seq = 2, valid = false, set_back_to = {x = 1, y = 0, z = 0}},
		{player = "ann", seq = 3, valid = false, set_back_to = {x = 2, y = 0, z = 0}},
		{player = "ann", seq = 4, valid = true},
	}})
	expect(#b.backs == 1 and b.backs[1].pos.x == 2, "set back once, to the newest place")
	b.core:flush()
	b.last().done({items = {
		{player = "ann", seq = 5, valid = false, set_back_to = {x = 2, y = 0, z = 0}},
	}})
	expect(#b.backs == 1, "a sample of before the set-back is not punished again")
end

function claims.teleport_makes_older_refusals_void()
	local b = seated()
	b.core:sample("ann", {x = 9, y = 0, z = 0}, nil, false)
	b.core:flush()
	b.core:teleport("ann", {x = 500, y = 0, z = 0})
	b.last().done({items = {
		{player = "ann", seq = 2, valid = false, set_back_to = {x = 0, y = 0, z = 0}},
	}})
	expect(#b.backs == 0, "nobody is pulled out of a teleport")
	b.core:flush()
	expect(b.last().body.items[1].type == "teleport" and b.last().body.items[1].x == 500, "declared")
end

function claims.free_is_declared_when_it_changes()
	local b = seated()
	for i = 1, 3 do b.core:sample("ann", {x = i, y = 0, z = 0}, nil, i > 1) end
	b.core:flush()
	local items = b.last().body.items
	expect(#items == 1 and items[1].type == "free" and items[1].on == true, "one change, once")
end

function claims.nothing_is_lost_or_done_without_a_daemon()
	local b = seated()
	b.core:teleport("ann", {x = 7, y = 0, z = 0})
	b.core:sample("ann", {x = 99, y = 0, z = 0}, nil, false)
	b.core:flush()
	b.last().done(nil, "HTTP 0")
	expect(#b.backs == 0 and b.warnings == 1, "warned, nobody set back")
	b.core:knockback("ann", {x = 1, y = 2, z = 3})
	b.core:flush()
	local items = b.last().body.items
	expect(#items == 2 and items[1].type == "teleport" and items[2].vy == 2, "sent again, in order")
	b.now = b.now + core.IN_FLIGHT_MS
	b.core:flush() -- That one is given up.
	expect(#b.last().body.items == 2, "what was given up is declared again")
	local late = b.posts[#b.posts - 1]
	late.done({items = {}})
	expect(b.core.busy_since ~= nil, "a late answer to a given-up request changes nothing")
	for i = 1, core.MAX_SAMPLES + 10 do b.core:sample("ann", {x = i, y = 0, z = 0}, nil, false) end
	expect(#b.core.samples == core.MAX_SAMPLES and b.core.stats.dropped == 11, "bounded")
end

function claims.unenforced_only_counts()
	local b = seated(false)
	b.core:sample("ann", {x = 9, y = 0, z = 0}, nil, false)
	b.core:flush()
	b.last().done({items = {
		{player = "ann", seq = 2, valid = false, set_back_to = {x = 0, y = 0, z = 0}},
	}})
	expect(#b.backs == 0 and b.core.stats.refused == 1, "counted, not moved")
end

function claims.garbage_answers_are_ignored()
	local b = seated()
	for _, reply in ipairs({7, "x", {}, {items = 3}, {items = {{}, {player = "ann"}}}}) do
		b.core:sample("ann", {x = 0, y = 0, z = 0}, nil, false)
		b.core:flush()
		b.last().done(reply)
	end
	expect(#b.backs == 0, "nobody is set back by garbage")
end

for name, claim in pairs(claims) do
	local ok, problem = pcall(claim)
	if not ok then failures[#failures + 1] = name .. ": " .. tostring(problem) end
end

-- The whole mod: a scripted player takes the place of the connected ones.
local methods = {}
local probe = setmetatable({pos = {x = 0, y = 10, z = 0}, set_backs = {}}, {__index = methods})
function methods.get_player_name() return "probe" end
function methods.is_player() return true end
function methods:get_pos() return vector.new(self.pos) end
function methods:set_pos(pos)
	self.set_backs[#self.set_backs + 1] = vector.new(pos)
	self.pos = vector.new(pos)
end
function methods.get_hp() return 20 end
function methods.get_attach() return nil end

minetest.get_connected_players = function() return {probe} end
minetest.get_player_by_name = function(name) return name == "probe" and probe or nil end
minetest.get_player_privs = function() return {interact = true} end

local function finish()
	local stats = gamekeeper_referee.referee.stats
	expect(stats.sent > 20, "positions were sent: " .. stats.sent)
	expect(stats.failed == 0, "no request failed: " .. stats.failed)
	expect(#probe.set_backs == 1, "set back once: " .. #probe.set_backs)
	expect(probe.set_backs[1] and math.abs(probe.set_backs[1].x - probe.before_jump) < 0.5,
		"to where he was before the jump")
	if #failures == 0 then
		minetest.log("action", "GK_PROBE OK")
	else
		minetest.log("error", "GK_PROBE FAILED: " .. table.concat(failures, "; "))
	end
	minetest.request_shutdown("done", false, 0)
end

minetest.register_on_mods_loaded(function()
	gamekeeper_referee.referee:join("probe")
	minetest.after(1.5, function()
		probe.before_jump = probe.pos.x
		probe.pos.x = probe.pos.x + 50
	end)
	minetest.after(3, finish)
end)
minetest.register_globalstep(function(dtime) -- Walks along x, slower than he may.
	if #probe.set_backs == 0 and not probe.before_jump then probe.pos.x = probe.pos.x + 2 * dtime end
end)
