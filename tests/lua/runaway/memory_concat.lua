local t = {}
for i = 1, 100 do t[i] = string.rep("x", 100000) end
while true do pcall(table.concat, t) end
