-- init.lua: commands from the daemon and step times to it, through two files of the world folder.
--
-- In:  lines "SESSION NUMBER COMMAND", appended; the file is emptied when it has grown.
-- Out: one JSON object, replaced as a whole, so that nobody reads half of it.

local path = minetest.get_worldpath()
local IN, OUT = path .. "/gamekeeper_link_in", path .. "/gamekeeper_link_out"
local MAX_REPLIES, MAX_LINES, MAX_REPLY = 32, 100, 16384
local MAX_READ = 65536 -- Of the commands, a step.
local ACTOR = minetest.settings:get("gamekeeper_link.name") or minetest.settings:get("name") or ""
if ACTOR == "" then ACTOR = "gamekeeper" end

local boot = string.format("%d-%d", os.time(), math.random(1, 1000000000))
local seq, session, last_number = 0, "", 0
local replies, lines, line_number = {}, {}, 0
local captured -- Lines said to ACTOR while his command runs.
local offset

local function push(list, item, limit)
	list[#list + 1] = item
	if #list > limit then table.remove(list, 1) end
end

local function add_line(text)
	line_number = line_number + 1
	push(lines, {n = line_number, text = text}, MAX_LINES)
end

-- What is said to the actor is his command's answer.
local say_to_player = minetest.chat_send_player
function minetest.chat_send_player(name, text)
	if captured and name == ACTOR then
		captured[#captured + 1] = text
		return
	end
	return say_to_player(name, text)
end

local function run(command)
	local word, rest = command:match("^/?(%S+)%s*(.*)$")
	if word == "say" then
		minetest.chat_send_all(rest)
		return "said"
	end
	local known = word and minetest.registered_chatcommands[word]
	if not known then return "No such command: " .. tostring(word) end
	captured = {}
	local fine, success, message = pcall(known.func, ACTOR, rest)
	local said = captured
	captured = nil
	if not fine then return "The command failed: " .. tostring(success) end
	if message then said[#said + 1] = message end
	if #said == 0 then said[1] = success and "done" or "failed" end
	return table.concat(said, "\n")
end

-- Complete lines that were appended since the last call.
local function new_commands()
	local file = io.open(IN, "rb")
	if not file then return "" end
	local size = file:seek("end")
	if not offset or size < offset then offset = offset and 0 or size end
	local text = ""
	if size > offset then
		file:seek("set", offset)
		text = file:read(MAX_READ) or ""
	end
	file:close()
	local complete = text:match("^(.*\n)") or ""
	offset = offset + #complete
	return complete
end

local function obey(line)
	local from, number, command = line:match("^(%S+) (%d+) (.+)$")
	number = tonumber(number)
	if not number then return false end
	if from ~= session then session, last_number, replies = from, 0, {} end
	if number <= last_number then return false end
	last_number = number
	local text = minetest.strip_colors(run(command))
	push(replies, {id = number, text = text:sub(1, MAX_REPLY)}, MAX_REPLIES)
	return true
end

local function command_names()
	local out = {"say"}
	for name in pairs(minetest.registered_chatcommands) do out[#out + 1] = name end
	table.sort(out)
	return out
end

local steps, sum, worst, names = 0, 0, 0, nil
local mean_s, worst_s = 0, 0
local function write()
	seq = seq + 1
	names = names or command_names()
	minetest.safe_file_write(OUT, minetest.write_json({
		version = 1, boot = boot, seq = seq, session = session,
		step = {mean_s = mean_s, worst_s = worst_s},
		replies = #replies > 0 and replies or nil, lines = #lines > 0 and lines or nil,
		commands = names,
	}))
end

minetest.register_on_chat_message(function(name, message)
	add_line("<" .. name .. "> " .. minetest.strip_colors(message))
end)
minetest.register_on_joinplayer(function(player)
	add_line(player:get_player_name() .. " joined")
end)
minetest.register_on_leaveplayer(function(player)
	add_line(player:get_player_name() .. " left")
end)

minetest.register_globalstep(function(dtime)
	steps, sum, worst = steps + 1, sum + dtime, math.max(worst, dtime)
	local changed = false
	for line in new_commands():gmatch("([^\n]+)\n") do
		changed = obey(line) or changed
	end
	if sum >= 1 then
		mean_s, worst_s = sum / steps, worst
		steps, sum, worst = 0, 0, 0
		changed = true
	end
	if changed then write() end
end)

new_commands() -- What is there already was for another run of the server.
offset = offset or 0
