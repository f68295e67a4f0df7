local t = {}
while true do table.insert(t, 1, 1) if #t > 100000 then t = {} end end
