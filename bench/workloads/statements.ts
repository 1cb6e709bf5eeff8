// The statements that more than one place must know by their text.

export const SELECT_ONE = 'SELECT name, score FROM people WHERE id = ?'
export const SELECT_ALL = 'SELECT * FROM people'
export const CREATE_INDEX = 'CREATE INDEX people_email ON people (email)'
export const UPDATE_PERSON = 'UPDATE people SET email = ? WHERE id = ?'
export const DELETE_HALF = 'DELETE FROM people WHERE id % 2 = 0'
