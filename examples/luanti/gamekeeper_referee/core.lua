-- core.lua: what is sent to the daemon and what is done with its answers.
--
-- Calls nothing of Luanti, so that it runs (and is tested) alone: time, HTTP and players come in
-- through `io`. One request is in flight at most: declarations first, then the samples, so that a
-- teleport is always known before the position that it explains. The daemon seats a player at the
-- first sample, which brings the session's limits; what happens to him before waits for that.

local core = {}
core.__index = core

core.MAX_SAMPLES = 4000      -- Waiting; the oldest goes.
core.MAX_DECLARED = 1000     -- Waiting; the oldest goes.
core.MAX_BATCH = 500         -- Of one request.
core.MAX_HELD = 16           -- Declarations of a player who has no seat yet; the oldest goes.
core.IN_FLIGHT_MS = 5000     -- Then the request is given up.

-- io.post(path, body, callback(reply or nil, problem)); io.set_back(name, pos); io.now_ms();
-- io.warn(text). session: limits of the game, as the daemon's API takes them.
function core.new(io, session, enforce)
	return setmetatable({
		io = io,
		session = session,
		enforce = enforce,
		players = {},
		samples = {},
		declared = {},
		busy_since = nil, -- A request is under way since then.
		ticket = 0,       -- Of the newest request.
		flying = nil,     -- Declarations of that request.
		stats = {sent = 0, refused = 0, set_back = 0, dropped = 0, failed = 0},
	}, core)
end

local function push(list, item, limit)
	list[#list + 1] = item
	if #list <= limit then return 0 end
	table.remove(list, 1)
	return 1
end

local function xyz(item, pos)
	item.x, item.y, item.z = pos.x, pos.y, pos.z
	return item
end

function core:declare(name, item)
	local player = self.players[name]
	if not player then return end
	item.player = name
	item.server_ms = self.io.now_ms()
	if not player.seated and item.type ~= "leave" then
		self.stats.dropped = self.stats.dropped + push(player.held, item, core.MAX_HELD)
	else
		self.stats.dropped = self.stats.dropped + push(self.declared, item, core.MAX_DECLARED)
	end
end

function core:join(name)
	self.players[name] =
		{seq = 0, heed_after = 0, free = false, away = false, seated = false, held = {}}
	self:declare(name, {type = "leave"}) -- The daemon may still hold a seat of an earlier visit.
end

function core:leave(name)
	local player = self.players[name]
	if not player then return end
	player.away = true
	self:declare(name, {type = "leave"})
end

function core:teleport(name, pos, kind)
	local player = self.players[name]
	if not player then return end
	player.heed_after = player.seq -- Set-backs that are under way belong to the old place.
	self:declare(name, xyz({type = kind or "teleport"}, pos))
end

function core:knockback(name, velocity)
	self:declare(name, {type = "knockback", vx = velocity.x, vy = velocity.y, vz = velocity.z})
end

-- Other limits than the session's: physics overrides, vehicles.
function core:limits(name, limits)
	local session = {}
	for key, value in pairs(self.session) do session[key] = value end
	for key, value in pairs(limits) do session[key] = value end
	self:declare(name, {type = "vehicle", session = session})
end

-- One position. `free`: flying, attached, dead: nothing is checked.
function core:sample(name, pos, ground, free)
	local player = self.players[name]
	if not player or player.away then return end
	if free ~= player.free then
		player.free = free
		self:declare(name, {type = "free", on = free})
	end
	player.seq = player.seq + 1
	local item = xyz({player = name, mode = "3d", seq = player.seq}, pos)
	item.server_ms = self.io.now_ms()
	item.ground = ground
	self.stats.dropped = self.stats.dropped + push(self.samples, item, core.MAX_SAMPLES)
end

-- The first `limit` of `list` that `wanted` takes, and the rest.
local function take(list, limit, wanted)
	local taken, rest = {}, {}
	for _, item in ipairs(list) do
		local mine = #taken < limit and (not wanted or wanted(item))
		local to = mine and taken or rest
		to[#to + 1] = item
	end
	return taken, rest
end

-- Posts; `done` gets the reply, unless the request was given up meanwhile.
function core:post(path, body, done)
	self.ticket = self.ticket + 1
	local ticket = self.ticket
	self.busy_since = self.io.now_ms()
	self.io.post(path, body, function(reply, problem)
		if ticket ~= self.ticket then return end
		self.busy_since = nil
		if type(reply) ~= "table" then
			reply = nil
			self.stats.failed = self.stats.failed + 1
			if self.stats.failed == 1 or self.stats.failed % 100 == 0 then
				self.io.warn(path .. ": " .. tostring(problem) .. "; " .. self.stats.failed .. " failed")
			end
		end
		done(reply)
	end)
end

-- Declarations that may not have arrived go once more, before any position.
function core:again(items)
	for _, item in ipairs(self.declared) do push(items, item, core.MAX_DECLARED) end
	self.declared, self.flying = items, nil
end

-- Sends what waits, unless a request is under way. Without a daemon nobody is set back.
function core:flush()
	if self.busy_since then
		if self.io.now_ms() - self.busy_since < core.IN_FLIGHT_MS then return end
		if self.flying then self:again(self.flying) end
	end
	if #self.declared == 0 then return self:send_samples() end
	self.flying, self.declared = take(self.declared, core.MAX_BATCH)
	self:post("/api/movement/declare", {items = self.flying}, function(reply)
		if not reply then return self:again(self.flying) end
		self:note_lost_seats(self.flying, reply.items)
		self.flying = nil
		self:send_samples()
	end)
end

-- The daemon was restarted, or gave the seat away: the next sample takes one again.
function core:note_lost_seats(declared, answers)
	if type(answers) ~= "table" then return end
	for i, item in ipairs(declared) do
		local player, answer = self.players[item.player], answers[i]
		if player and item.type ~= "leave" and type(answer) == "table" and answer.applied == false then
			player.seated = false
		end
	end
end

-- Players without a seat first, by themselves: their request carries the session's limits.
function core:send_samples()
	local function unseated(item)
		local player = self.players[item.player]
		return player and not player.seated
	end
	local session, items = self.session, nil
	items, self.samples = take(self.samples, core.MAX_BATCH, unseated)
	if #items == 0 then
		session = nil
		items, self.samples = take(self.samples, core.MAX_BATCH)
	end
	if #items == 0 then return end
	self.stats.sent = self.stats.sent + #items
	self:post("/api/movement/validate", {items = items, session = session}, function(reply)
		if not reply or type(reply.items) ~= "table" then return end
		if session then self:seat(items) end
		self:obey(reply.items)
	end)
end

function core:seat(items)
	for _, item in ipairs(items) do
		local player = self.players[item.player]
		if player and not player.seated then
			player.seated = true
			for _, declared in ipairs(player.held) do
				push(self.declared, declared, core.MAX_DECLARED)
			end
			player.held = {}
		end
	end
end

-- The last refusal of each player counts; those of before a teleport or a set-back do not.
function core:obey(verdicts)
	local back = {}
	for _, verdict in ipairs(verdicts) do
		local player = self.players[verdict.player]
		if player and not verdict.valid and (verdict.seq or 0) > player.heed_after then
			self.stats.refused = self.stats.refused + 1
			if type(verdict.set_back_to) == "table" then back[verdict.player] = verdict.set_back_to end
		end
	end
	if not self.enforce then return end
	for name, pos in pairs(back) do
		local player = self.players[name]
		if not player.away then
			player.heed_after = player.seq
			self.stats.set_back = self.stats.set_back + 1
			self.io.set_back(name, {x = pos.x, y = pos.y, z = pos.z})
		end
	end
end

return core
